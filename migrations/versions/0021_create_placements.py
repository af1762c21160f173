"""Placements: what student, company and school have agreed on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "placements",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column(
            "state",
            among("state", "planned", "ready", "running", "closing", "completed", "interrupted", "cancelled"),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.Time(), nullable=True),
        sa.Column("ends_at", sa.Time(), nullable=True),
        sa.Column("daily_hours", sa.Double(), nullable=False),
        sa.Column("planned_hours", sa.Integer(), nullable=False),
        sa.Column("risk", among("risk", "low", "medium", "high"), nullable=False),
        sa.Column("school_tutor_id", sa.Uuid(), nullable=True),
        sa.Column("host_tutor_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("ended_for", among("party", "student", "company", "school", "service"), nullable=True),
        sa.Column(
            "end_reason",
            among(
                "endreason",
                "student_changed",
                "company_changed",
                "school_changed",
                "left_school",
                "not_ready",
                "unsafe",
                "too_little_attended",
                "moved",
            ),
            nullable=True,
        ),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('interrupted', 'cancelled')) = (ended_at IS NOT NULL) AND (ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (ended_for IS NULL) AND (ended_at IS NULL) = (end_reason IS NULL)",
            name=op.f("ck_placements_end_whole"),
        ),
        sa.CheckConstraint(
            "(state IN ('planned', 'ready', 'running', 'closing')) = (due_at IS NOT NULL)",
            name=op.f("ck_placements_open_has_clock"),
        ),
        sa.CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name=op.f("ck_placements_times_pair")),
        sa.CheckConstraint("daily_hours > 0 AND daily_hours <= 24", name=op.f("ck_placements_daily_hours")),
        sa.CheckConstraint("planned_hours > 0", name=op.f("ck_placements_planned_hours")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_placements_days_in_order")),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name=op.f("ck_placements_weekdays")),
        of("placements", "class_id", "classes"),
        of("placements", "company_id", "companies"),
        of("placements", "host_tutor_id", "users", on_delete="SET NULL"),
        of("placements", "opportunity_id", "opportunities"),
        of("placements", "school_id", "schools"),
        of("placements", "school_tutor_id", "users", on_delete="SET NULL"),
        of("placements", "site_id", "company_sites"),
        of("placements", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_placements")),
    )
    op.create_index(op.f("ix_placements_class_id"), "placements", ["class_id"])
    op.create_index(op.f("ix_placements_company_id"), "placements", ["company_id"])
    op.create_index("ix_placements_created_at_id", "placements", ["created_at", "id"])
    op.create_index(
        "ix_placements_due_at",
        "placements",
        ["due_at"],
        sqlite_where=sa.text("state IN ('planned', 'ready', 'running', 'closing')"),
        postgresql_where=sa.text("state IN ('planned', 'ready', 'running', 'closing')"),
    )
    op.create_index(op.f("ix_placements_host_tutor_id"), "placements", ["host_tutor_id"])
    op.create_index(op.f("ix_placements_opportunity_id"), "placements", ["opportunity_id"])
    op.create_index(op.f("ix_placements_school_id"), "placements", ["school_id"])
    op.create_index(op.f("ix_placements_school_tutor_id"), "placements", ["school_tutor_id"])
    op.create_index(op.f("ix_placements_student_id"), "placements", ["student_id"])
    op.create_index(
        "uq_placements_open",
        "placements",
        ["student_id", "opportunity_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('planned', 'ready', 'running', 'closing')"),
        postgresql_where=sa.text("state IN ('planned', 'ready', 'running', 'closing')"),
    )


def downgrade() -> None:
    op.drop_table("placements")
