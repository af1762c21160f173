"""Placements: what student, company and school have agreed on."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

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
            sa.Enum(
                "planned",
                "ready",
                "running",
                "closing",
                "completed",
                "interrupted",
                "cancelled",
                name="state",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
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
        sa.Column(
            "risk",
            sa.Enum(
                "low", "medium", "high", name="risk", native_enum=False, create_constraint=True, length=40
            ),
            nullable=False,
        ),
        sa.Column("school_tutor_id", sa.Uuid(), nullable=True),
        sa.Column("host_tutor_id", sa.Uuid(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column(
            "ended_for",
            sa.Enum(
                "student",
                "company",
                "school",
                "service",
                name="party",
                native_enum=False,
                create_constraint=True,
                length=40,
            ),
            nullable=True,
        ),
        sa.Column(
            "end_reason",
            sa.Enum(
                "student_changed",
                "company_changed",
                "school_changed",
                "left_school",
                "not_ready",
                "unsafe",
                "too_little_attended",
                "moved",
                name="endreason",
                native_enum=False,
                create_constraint=True,
                length=40,
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
        sa.ForeignKeyConstraint(["class_id"], ["classes.id"], name=op.f("fk_placements_class_id_classes")),
        sa.ForeignKeyConstraint(
            ["company_id"], ["companies.id"], name=op.f("fk_placements_company_id_companies")
        ),
        sa.ForeignKeyConstraint(
            ["host_tutor_id"],
            ["users.id"],
            name=op.f("fk_placements_host_tutor_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["opportunity_id"], ["opportunities.id"], name=op.f("fk_placements_opportunity_id_opportunities")
        ),
        sa.ForeignKeyConstraint(["school_id"], ["schools.id"], name=op.f("fk_placements_school_id_schools")),
        sa.ForeignKeyConstraint(
            ["school_tutor_id"],
            ["users.id"],
            name=op.f("fk_placements_school_tutor_id_users"),
            ondelete="SET NULL",
        ),
        sa.ForeignKeyConstraint(
            ["site_id"], ["company_sites.id"], name=op.f("fk_placements_site_id_company_sites")
        ),
        sa.ForeignKeyConstraint(
            ["student_id"],
            ["students.id"],
            name=op.f("fk_placements_student_id_students"),
            ondelete="CASCADE",
        ),
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
