"""Create stored rankings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import of

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rankings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=True),
        sa.Column("line_limit", sa.Integer(), nullable=False),
        sa.Column("algorithm", sa.String(length=40), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("attendance", sa.Double(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("ranked_on", sa.Date(), nullable=False),
        sa.Column("vocabulary", sa.String(length=32), nullable=False),
        sa.Column("student", sa.JSON(), nullable=False),
        sa.Column("stored_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        of("rankings", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rankings")),
    )
    with op.batch_alter_table("rankings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_rankings_student_id"), ["student_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_rankings_expires_at"), ["expires_at"], unique=False)

    op.create_table(
        "ranking_lines",
        sa.Column("ranking_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("company_name", sa.String(length=200), nullable=False),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("parts", sa.JSON(), nullable=False),
        sa.Column("opportunity", sa.JSON(), nullable=False),
        of("ranking_lines", "ranking_id", "rankings", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("ranking_id", "position", name=op.f("pk_ranking_lines")),
    )


def downgrade() -> None:
    op.drop_table("ranking_lines")
    with op.batch_alter_table("rankings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_rankings_expires_at"))
        batch_op.drop_index(batch_op.f("ix_rankings_student_id"))

    op.drop_table("rankings")
