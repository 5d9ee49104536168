"""The search itself: who works on a run and what is wished of it, its program trees, its rewards and their terms."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("runs") as runs:
        runs.add_column(sa.Column("holder", sa.String(length=300), nullable=True))
        runs.add_column(sa.Column("held_until", sa.DateTime(timezone=True), nullable=True))
        runs.add_column(sa.Column("wish", sa.String(length=16), nullable=True))
    with op.batch_alter_table("programs") as programs:
        programs.add_column(sa.Column("reward_terms", sa.JSON(), nullable=True))
        programs.add_column(sa.Column("tuning", sa.JSON(), nullable=True))
    op.create_table(
        "tree_nodes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("island", sa.Integer(), nullable=False),
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("parent_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_tree_nodes_run_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_tree_nodes_program_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["parent_id"], ["programs.id"], name=op.f("fk_tree_nodes_parent_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tree_nodes")),
        sa.UniqueConstraint(
            "run_id", "island", "program_id", name=op.f("uq_tree_nodes_run_id_island_program_id")
        ),
    )


def downgrade() -> None:
    op.drop_table("tree_nodes")
    with op.batch_alter_table("programs") as programs:
        for name in ("tuning", "reward_terms"):
            programs.drop_column(name)
    with op.batch_alter_table("runs") as runs:
        for name in ("wish", "held_until", "holder"):
            runs.drop_column(name)
