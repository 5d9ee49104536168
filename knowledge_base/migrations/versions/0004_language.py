"""Language models: their calls, the lessons learnt from programs, and whose attempts failed."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_OUTCOMES = ("pending", "answered", "understood", "misunderstood", "refused", "lost")


def upgrade() -> None:
    with op.batch_alter_table("programs") as programs:
        programs.add_column(sa.Column("lesson", sa.Text(), nullable=True))
    with op.batch_alter_table("failures") as failures:
        failures.add_column(sa.Column("origin", sa.String(length=64), nullable=True))
    op.create_table(
        "language_calls",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(length=300), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=True),
        sa.Column("iteration", sa.Integer(), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("model", sa.String(length=200), nullable=False),
        sa.Column("prompt", sa.String(length=64), nullable=False),
        sa.Column("prompt_hash", sa.String(length=64), nullable=False),
        sa.Column("messages", sa.JSON(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=True),
        sa.Column("finish_reason", sa.String(length=32), nullable=True),
        sa.Column("prompt_tokens", sa.Integer(), nullable=True),
        sa.Column("completion_tokens", sa.Integer(), nullable=True),
        sa.Column("tokens", sa.BigInteger(), nullable=False),
        sa.Column("cost_usd", sa.Double(), nullable=False),
        sa.Column("latency_s", sa.Double(), nullable=True),
        sa.Column("outcome", sa.String(length=16), nullable=False),
        sa.Column("detail", sa.Text(), nullable=True),
        sa.Column("replayed", sa.Boolean(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            f"outcome IN ({', '.join(map(repr, _OUTCOMES))})", name=op.f("ck_language_calls_outcome")
        ),
        sa.ForeignKeyConstraint(
            ["run_id"], ["runs.id"], name=op.f("fk_language_calls_run_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_language_calls")),
    )
    with op.batch_alter_table("language_calls") as calls:
        calls.create_index(op.f("ix_language_calls_account"), ["account"])
        calls.create_index(op.f("ix_language_calls_started_at"), ["started_at"])
        calls.create_index(op.f("ix_language_calls_run_id"), ["run_id"])


def downgrade() -> None:
    op.drop_table("language_calls")
    with op.batch_alter_table("failures") as failures:
        failures.drop_column("origin")
    with op.batch_alter_table("programs") as programs:
        programs.drop_column("lesson")
