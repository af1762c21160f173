"""Answer candidates, and measure what an opportunity costs whoever writes it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None

KINDS = ("internship", "visit", "training")
SIZES = ("micro", "small", "medium", "large")
REASONS = ("seats_given", "other_dates", "other_skills", "too_far", "plans_changed")


def upgrade() -> None:
    op.create_table(
        "answers",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("verdict", among("verdict", "yes", "maybe", "no"), nullable=False),
        sa.Column("reason", among("reason", *REASONS), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(verdict = 'no') = (reason IS NOT NULL)", name=op.f("ck_answers_reason_of_no")),
        of("answers", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("answers", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_answers")),
        sa.UniqueConstraint(
            "opportunity_id", "student_id", name=op.f("uq_answers_opportunity_id_student_id")
        ),
    )
    op.create_index(op.f("ix_answers_student_id"), "answers", ["student_id"])
    op.create_table(
        "postings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("renewed_from_id", sa.Uuid(), nullable=True),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("settled", sa.JSON(), nullable=False),
        sa.Column("is_measured", sa.Boolean(), nullable=False),
        sa.CheckConstraint("seconds >= 0 AND clicks >= 0", name=op.f("ck_postings_effort")),
        of("postings", "company_id", "companies", on_delete="CASCADE"),
        of("postings", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("postings", "renewed_from_id", "opportunities", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_postings")),
        sa.UniqueConstraint("opportunity_id", name=op.f("uq_postings_opportunity_id")),
        sa.UniqueConstraint("renewed_from_id", name=op.f("uq_postings_renewed_from_id")),
    )
    op.create_index(op.f("ix_postings_company_id"), "postings", ["company_id"])
    op.create_table(
        "posting_efforts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", among("kind", *KINDS), nullable=False),
        sa.Column("size", among("sizeband", *SIZES), nullable=True),
        sa.Column("is_renewal", sa.Boolean(), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("clicks", sa.Integer(), nullable=False),
        sa.Column("published_on", sa.Date(), nullable=False),
        sa.CheckConstraint("seconds >= 0 AND clicks >= 0", name=op.f("ck_posting_efforts_effort")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posting_efforts")),
    )
    op.create_index(op.f("ix_posting_efforts_published_on"), "posting_efforts", ["published_on"])


def downgrade() -> None:
    for table in ("posting_efforts", "postings", "answers"):
        op.drop_table(table)
