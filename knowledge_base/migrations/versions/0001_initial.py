"""The first schema: runs, programs and their lineage, trials, scores, failures."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("config", sa.JSON(), nullable=False),
        sa.Column("panel", sa.JSON(), nullable=False),
        sa.Column("splits", sa.JSON(), nullable=False),
        sa.Column("horizons_days", sa.JSON(), nullable=False),
        sa.Column("package_version", sa.String(length=64), nullable=False),
        sa.Column("iterations_done", sa.Integer(), nullable=False),
        sa.Column("trials_done", sa.Integer(), nullable=False),
        sa.Column("elapsed_seconds", sa.Double(), nullable=False),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('running', 'stopped', 'finished')", name=op.f("ck_runs_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_runs")),
        sa.UniqueConstraint("name", name=op.f("uq_runs_name")),
    )
    op.create_table(
        "programs",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("fingerprint", sa.String(length=128), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("idea", sa.Text(), nullable=False),
        sa.Column("origin", sa.String(length=64), nullable=False),
        sa.Column("iteration", sa.Integer(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=True),
        sa.Column("direction", sa.Integer(), nullable=True),
        sa.Column("reward", sa.Double(), nullable=True),
        sa.Column("cluster", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("status IN ('tuning', 'scored', 'failed')", name=op.f("ck_programs_status")),
        sa.CheckConstraint("direction IN (-1, 1)", name=op.f("ck_programs_direction")),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_programs_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programs")),
        sa.UniqueConstraint("run_id", "fingerprint", name=op.f("uq_programs_run_id_fingerprint")),
    )
    op.create_index(op.f("ix_programs_run_id_status_reward"), "programs", ["run_id", "status", "reward"])
    op.create_table(
        "failures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=True),
        sa.Column("iteration", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=100), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_failures_program_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name=op.f("fk_failures_run_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failures")),
    )
    op.create_index(op.f("ix_failures_program_id"), "failures", ["program_id"])
    op.create_index(op.f("ix_failures_run_id_id"), "failures", ["run_id", "id"])
    op.create_table(
        "program_parents",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["programs.id"], name=op.f("fk_program_parents_parent_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_program_parents_program_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", "position", name=op.f("pk_program_parents")),
    )
    op.create_index(op.f("ix_program_parents_parent_id"), "program_parents", ["parent_id"])
    op.create_table(
        "program_tags",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("tag", sa.String(length=64), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("reward", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_program_tags_program_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_program_tags_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", "position", name=op.f("pk_program_tags")),
    )
    op.create_index(
        op.f("ix_program_tags_run_id_tag_failed_reward"),
        "program_tags",
        ["run_id", "tag", "failed", "reward"],
    )
    op.create_table(
        "scorecards",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("split", sa.String(length=32), nullable=False),
        sa.Column("fitness", sa.Double(), nullable=True),
        sa.Column("coverage", sa.Double(), nullable=True),
        sa.Column("turnover", sa.Double(), nullable=True),
        sa.Column("rank_autocorrelation", sa.Double(), nullable=True),
        sa.Column("ar", sa.Double(), nullable=True),
        sa.Column("sharpe", sa.Double(), nullable=True),
        sa.Column("mdd", sa.Double(), nullable=True),
        sa.Column("ic", sa.Double(), nullable=True),
        sa.Column("icir", sa.Double(), nullable=True),
        sa.Column("rank_ic", sa.Double(), nullable=True),
        sa.Column("rank_icir", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_scorecards_program_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_scorecards")),
        sa.UniqueConstraint("program_id", "split", name=op.f("uq_scorecards_program_id_split")),
    )
    op.create_table(
        "trials",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("value", sa.Double(), nullable=True),
        sa.Column("early_value", sa.Double(), nullable=True),
        sa.Column("direction", sa.Integer(), nullable=True),
        sa.Column("duration_ms", sa.Double(), nullable=True),
        sa.Column("message", sa.Text(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("state IN ('complete', 'pruned', 'failed')", name=op.f("ck_trials_state")),
        sa.CheckConstraint("direction IN (-1, 1)", name=op.f("ck_trials_direction")),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_trials_program_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_trials")),
        sa.UniqueConstraint("program_id", "number", name=op.f("uq_trials_program_id_number")),
    )
    op.create_table(
        "horizon_scores",
        sa.Column("scorecard_id", sa.Integer(), nullable=False),
        sa.Column("horizon_days", sa.Integer(), nullable=False),
        sa.Column("ic", sa.Double(), nullable=True),
        sa.Column("icir", sa.Double(), nullable=True),
        sa.Column("rank_ic", sa.Double(), nullable=True),
        sa.Column("rank_icir", sa.Double(), nullable=True),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("daily_ic", sa.LargeBinary(), nullable=True),
        sa.Column("daily_rank_ic", sa.LargeBinary(), nullable=True),
        sa.ForeignKeyConstraint(
            ["scorecard_id"],
            ["scorecards.id"],
            name=op.f("fk_horizon_scores_scorecard_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("scorecard_id", "horizon_days", name=op.f("pk_horizon_scores")),
    )


def downgrade() -> None:
    op.drop_table("horizon_scores")
    op.drop_table("trials")
    op.drop_table("scorecards")
    op.drop_index(op.f("ix_program_tags_run_id_tag_failed_reward"), table_name="program_tags")
    op.drop_table("program_tags")
    op.drop_index(op.f("ix_program_parents_parent_id"), table_name="program_parents")
    op.drop_table("program_parents")
    op.drop_index(op.f("ix_failures_run_id_id"), table_name="failures")
    op.drop_index(op.f("ix_failures_program_id"), table_name="failures")
    op.drop_table("failures")
    op.drop_index(op.f("ix_programs_run_id_status_reward"), table_name="programs")
    op.drop_table("programs")
    op.drop_table("runs")
