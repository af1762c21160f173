"""Applications, how many reach a company in a month, and which opportunities take them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "contact_limits",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("per_month", sa.Integer(), nullable=True),
        sa.Column("paused_until", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("per_month >= 1", name=op.f("ck_contact_limits_per_month")),
        of("contact_limits", "company_id", "companies", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_contact_limits")),
    )
    op.create_table(
        "contact_months",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("sent", sa.Integer(), nullable=False),
        sa.CheckConstraint("sent >= 1", name=op.f("ck_contact_months_sent")),
        of("contact_months", "company_id", "companies", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("company_id", "month", name=op.f("pk_contact_months")),
    )
    op.create_table(
        "applications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=True),
        sa.Column("placement_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            among(
                "applicationstate",
                "queued",
                "submitted",
                "seen",
                "shortlisted",
                "proposed",
                "accepted",
                "confirmed",
                "approved",
                "rejected",
                "withdrawn",
                "expired",
                "cancelled",
            ),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.Time(), nullable=True),
        sa.Column("ends_at", sa.Time(), nullable=True),
        sa.Column("daily_hours", sa.Double(), nullable=False),
        sa.Column("planned_hours", sa.Integer(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_accepted_by", sa.String(length=80), nullable=True),
        sa.Column("student_confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("student_confirmed_by", sa.String(length=80), nullable=True),
        sa.Column("school_approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("school_approved_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_for", among("party", "student", "company", "school", "service"), nullable=True),
        sa.Column(
            "end_reason",
            among(
                "applicationend",
                "seats_given",
                "other_dates",
                "other_skills",
                "too_far",
                "plans_changed",
                "school_dates",
                "no_agreement",
                "hours_not_counted",
                "student_changed",
                "other_placement",
                "opportunity_over",
                "no_answer",
                "no_room",
            ),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'approved') = (placement_id IS NOT NULL)",
            name=op.f("ck_applications_approved_has_placement"),
        ),
        sa.CheckConstraint(
            "(state IN ('queued', 'submitted', 'seen', 'shortlisted', 'proposed', 'accepted', 'confirmed')) = (due_at IS NOT NULL)",
            name=op.f("ck_applications_open_has_clock"),
        ),
        sa.CheckConstraint(
            "(state IN ('rejected', 'withdrawn', 'expired', 'cancelled')) = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (ended_for IS NULL) AND (ended_at IS NULL) = (end_reason IS NULL)",
            name=op.f("ck_applications_end_whole"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('accepted', 'confirmed', 'approved') OR company_accepted_at IS NOT NULL",
            name=op.f("ck_applications_company_accepted_said"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('proposed', 'approved') OR school_approved_at IS NOT NULL",
            name=op.f("ck_applications_school_approved_said"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('proposed', 'confirmed', 'approved') OR student_confirmed_at IS NOT NULL",
            name=op.f("ck_applications_student_confirmed_said"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('submitted', 'seen', 'shortlisted', 'proposed', 'accepted', 'confirmed', 'approved') OR delivered_at IS NOT NULL",
            name=op.f("ck_applications_delivered_said"),
        ),
        sa.CheckConstraint(
            "(company_accepted_at IS NULL) = (company_accepted_by IS NULL)",
            name=op.f("ck_applications_company_accepted_pair"),
        ),
        sa.CheckConstraint(
            "(school_approved_at IS NULL) = (school_approved_by IS NULL)",
            name=op.f("ck_applications_school_approved_pair"),
        ),
        sa.CheckConstraint(
            "(starts_at IS NULL) = (ends_at IS NULL)", name=op.f("ck_applications_times_pair")
        ),
        sa.CheckConstraint(
            "(student_confirmed_at IS NULL) = (student_confirmed_by IS NULL)",
            name=op.f("ck_applications_student_confirmed_pair"),
        ),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_applications_days_in_order")),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name=op.f("ck_applications_weekdays")),
        of("applications", "company_id", "companies"),
        of("applications", "opportunity_id", "opportunities"),
        of("applications", "placement_id", "placements", on_delete="CASCADE"),
        of("applications", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_applications")),
    )
    op.create_index(op.f("ix_applications_company_id"), "applications", ["company_id"], unique=False)
    op.create_index("ix_applications_created_at_id", "applications", ["created_at", "id"], unique=False)
    op.create_index(
        "ix_applications_due_at",
        "applications",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text(
            "state IN ('queued', 'submitted', 'seen', 'shortlisted', 'proposed', 'accepted', 'confirmed')"
        ),
        postgresql_where=sa.text(
            "state IN ('queued', 'submitted', 'seen', 'shortlisted', 'proposed', 'accepted', 'confirmed')"
        ),
    )
    op.create_index(op.f("ix_applications_opportunity_id"), "applications", ["opportunity_id"], unique=False)
    op.create_index(op.f("ix_applications_placement_id"), "applications", ["placement_id"], unique=False)
    op.create_index(op.f("ix_applications_student_id"), "applications", ["student_id"], unique=False)
    op.create_index(
        "uq_applications_open",
        "applications",
        ["student_id", "opportunity_id"],
        unique=True,
        sqlite_where=sa.text(
            "state IN ('queued', 'submitted', 'seen', 'shortlisted', 'proposed', 'accepted', 'confirmed')"
        ),
        postgresql_where=sa.text(
            "state IN ('queued', 'submitted', 'seen', 'shortlisted', 'proposed', 'accepted', 'confirmed')"
        ),
    )
    op.add_column(
        "opportunities",
        sa.Column("takes_applications", sa.Boolean(), server_default=sa.true(), nullable=False),
    )
    # Visits are booked by classes, unless a company says otherwise.
    op.execute("UPDATE opportunities SET takes_applications = false WHERE kind = 'visit'")


def downgrade() -> None:
    op.drop_column("opportunities", "takes_applications")
    op.drop_table("contact_months")
    op.drop_table("contact_limits")
    op.drop_table("applications")
