"""Create recommendations, and what it takes to undo a change of several students at once."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import of

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

KINDS = ("skills_validated", "recommended", "students_loaded")


def upgrade() -> None:
    op.create_table(
        "recommendations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.Column("recommended_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recommended_by", sa.Uuid(), nullable=True),
        of('recommendations', 'student_id', 'students', on_delete='CASCADE'),
        of('recommendations', 'opportunity_id', 'opportunities', on_delete='CASCADE'),
        of('recommendations', 'recommended_by', 'users', on_delete='SET NULL'),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recommendations")),
        sa.UniqueConstraint(
            "student_id", "opportunity_id", name=op.f("uq_recommendations_student_id_opportunity_id")
        ),
    )  # fmt: skip
    with op.batch_alter_table("recommendations", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_recommendations_opportunity_id"), ["opportunity_id"], unique=False
        )
        batch_op.create_index(
            batch_op.f("ix_recommendations_recommended_by"), ["recommended_by"], unique=False
        )
    op.create_table(
        "bulk_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("undone_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("undone", sa.Integer(), nullable=True),
        sa.CheckConstraint(f"kind IN {KINDS}", name=op.f("ck_bulk_changes_bulkkind")),
        sa.CheckConstraint(
            "(undone_at IS NULL) = (undone IS NULL)", name=op.f("ck_bulk_changes_undone_pair")
        ),
        sa.CheckConstraint("undone IS NULL OR undone <= size", name=op.f("ck_bulk_changes_undone")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bulk_changes")),
    )
    with op.batch_alter_table("bulk_changes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulk_changes_expires_at"), ["expires_at"], unique=False)
    op.create_table(
        "bulk_steps",
        sa.Column("bulk_change_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        of('bulk_steps', 'bulk_change_id', 'bulk_changes', on_delete='CASCADE'),
        of('bulk_steps', 'student_id', 'students', on_delete='CASCADE'),
        sa.PrimaryKeyConstraint("bulk_change_id", "position", name=op.f("pk_bulk_steps")),
    )  # fmt: skip
    with op.batch_alter_table("bulk_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bulk_steps_student_id"), ["student_id"], unique=False)


def downgrade() -> None:
    op.drop_table("bulk_steps")
    op.drop_table("bulk_changes")
    op.drop_table("recommendations")
