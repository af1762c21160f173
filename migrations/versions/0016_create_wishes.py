"""Create what students save, and the order of their wishes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import of

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

_MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "wishes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=True),
        sa.Column("created_at", _MOMENT, nullable=False),
        sa.Column("ranked_at", _MOMENT, nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_wishes_position")),
        sa.CheckConstraint("(position IS NULL) = (ranked_at IS NULL)", name=op.f("ck_wishes_ranked_pair")),
        of("wishes", "student_id", "students", on_delete="CASCADE"),
        of("wishes", "opportunity_id", "opportunities", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_wishes")),
        sa.UniqueConstraint("student_id", "opportunity_id", name=op.f("uq_wishes_student_id_opportunity_id")),
        sa.UniqueConstraint("student_id", "position", name=op.f("uq_wishes_student_id_position")),
    )
    op.create_index(op.f("ix_wishes_opportunity_id"), "wishes", ["opportunity_id"])


def downgrade() -> None:
    op.drop_table("wishes")
