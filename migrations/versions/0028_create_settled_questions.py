"""Questions of the first visit that are not asked again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "settled_questions",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("question", among("question", "interests", "travel", "times"), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=False),
        of("settled_questions", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("student_id", "question", name=op.f("pk_settled_questions")),
    )


def downgrade() -> None:
    op.drop_table("settled_questions")
