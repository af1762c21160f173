"""Who came to a visit, what schools credit for it, and what people say of it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "check_ins",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("students", sa.Integer(), nullable=False),
        sa.Column("adults", sa.Integer(), nullable=False),
        sa.Column("is_named", sa.Boolean(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.String(length=80), nullable=False),
        sa.Column("thanked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("students >= 0 AND adults >= 0", name=op.f("ck_check_ins_people")),
        of("check_ins", "booking_id", "bookings", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("booking_id", name=op.f("pk_check_ins")),
    )
    op.create_table(
        "check_in_students",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        of("check_in_students", "booking_id", "bookings", on_delete="CASCADE"),
        of("check_in_students", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("booking_id", "student_id", name=op.f("pk_check_in_students")),
    )
    op.create_index(op.f("ix_check_in_students_student_id"), "check_in_students", ["student_id"])
    op.create_table(
        "visit_worths",
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("hours BETWEEN 0 AND 24", name=op.f("ck_visit_worths_hours")),
        of("visit_worths", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("visit_worths", "school_id", "schools"),
        sa.PrimaryKeyConstraint("opportunity_id", "school_id", name=op.f("pk_visit_worths")),
    )
    op.create_table(
        "visit_credits",
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("hour_credit_id", sa.Uuid(), nullable=False),
        of("visit_credits", "booking_id", "bookings", on_delete="CASCADE"),
        of("visit_credits", "hour_credit_id", "hour_credits", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("booking_id", "hour_credit_id", name=op.f("pk_visit_credits")),
    )
    op.create_index(op.f("ix_visit_credits_hour_credit_id"), "visit_credits", ["hour_credit_id"])
    op.create_table(
        "visit_feedback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=True),
        sa.Column(
            "discovery",
            among("discovery", "a_job", "a_company", "a_technology", "a_path", "nothing_new"),
            nullable=False,
        ),
        sa.Column("recommends", among("recommends", "yes", "perhaps", "no"), nullable=False),
        sa.Column("words", sa.String(length=300), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        of("visit_feedback", "booking_id", "bookings", on_delete="CASCADE"),
        of("visit_feedback", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_feedback")),
        sa.UniqueConstraint("booking_id", "student_id", name=op.f("uq_visit_feedback_booking_id_student_id")),
    )
    op.create_index(op.f("ix_visit_feedback_student_id"), "visit_feedback", ["student_id"])
    op.create_index(
        "ix_visit_feedback_booking_id_school", "visit_feedback", ["booking_id"], unique=True,
        sqlite_where=sa.text("student_id IS NULL"), postgresql_where=sa.text("student_id IS NULL"),
    )  # fmt: skip


def downgrade() -> None:
    for table in ("visit_feedback", "visit_credits", "visit_worths", "check_in_students", "check_ins"):
        op.drop_table(table)
