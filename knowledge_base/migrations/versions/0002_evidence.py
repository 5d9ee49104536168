"""What speaks for and against a program: its audits, its size, its likeness to others, its earlier texts."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("programs") as programs:
        programs.add_column(sa.Column("audits", sa.JSON(), nullable=True))
        programs.add_column(sa.Column("complexity", sa.JSON(), nullable=True))
        programs.add_column(sa.Column("similarity", sa.Double(), nullable=True))
        programs.add_column(sa.Column("similar_to", sa.Integer(), nullable=True))
    with op.batch_alter_table("failures") as failures:
        failures.add_column(sa.Column("facts", sa.JSON(), nullable=True))
    op.create_table(
        "program_revisions",
        sa.Column("program_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["program_id"], ["programs.id"], name=op.f("fk_program_revisions_program_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("program_id", "number", name=op.f("pk_program_revisions")),
    )


def downgrade() -> None:
    op.drop_table("program_revisions")
    with op.batch_alter_table("failures") as failures:
        failures.drop_column("facts")
    with op.batch_alter_table("programs") as programs:
        for name in ("similar_to", "similarity", "complexity", "audits"):
            programs.drop_column(name)
