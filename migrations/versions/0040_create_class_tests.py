"""Days on which a class has a test."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "class_tests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("subject", sa.String(length=80), nullable=False),
        sa.Column("part", among("part", "morning", "afternoon", "evening"), nullable=True),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.String(length=80), nullable=False),
        of("class_tests", "class_id", "classes", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_class_tests")),
        sa.UniqueConstraint(
            "class_id", "held_on", "subject", name=op.f("uq_class_tests_class_id_held_on_subject")
        ),
    )
    op.create_index("ix_class_tests_held_on", "class_tests", ["held_on"])


def downgrade() -> None:
    op.drop_table("class_tests")
