"""Rules of law, declarations of hosts, safety trainings; activities and tutors of placements."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "law_rules",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=60), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column(
            "measure",
            among(
                "measure",
                "minimum_hours",
                "attended_share",
                "daily_hours",
                "weekly_hours",
                "night",
                "minimum_age",
                "host_tutor_load",
                "school_tutor_load",
                "tutor_named",
                "tutor_present",
                "risk_assessment",
                "banned_activity",
                "general_training",
                "specific_training",
                "insurance",
                "agreement",
                "register",
            ),
            nullable=False,
        ),
        sa.Column("parameters", sa.JSON(), nullable=False),
        sa.Column("severity", among("severity", "forbids", "warns", "informs"), nullable=False),
        sa.Column("is_repealed", sa.Boolean(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("jurisdiction", sa.String(length=5), nullable=False),
        sa.Column("applies_to", sa.String(length=80), nullable=False),
        sa.Column("source", sa.String(length=200), nullable=False),
        sa.Column("link", sa.String(length=300), nullable=True),
        sa.Column("is_recalled", sa.Boolean(), nullable=False),
        sa.Column("message_it", sa.String(length=500), nullable=False),
        sa.Column("message_en", sa.String(length=500), nullable=False),
        sa.Column("origin", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "ends_on IS NULL OR starts_on <= ends_on", name=op.f("ck_law_rules_days_in_order")
        ),
        sa.CheckConstraint("version >= 1", name=op.f("ck_law_rules_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_law_rules")),
        sa.UniqueConstraint("code", "version", name=op.f("uq_law_rules_code_version")),
        sa.UniqueConstraint("origin", name=op.f("uq_law_rules_origin")),
    )
    op.create_index("ix_law_rules_created_at_id", "law_rules", ["created_at", "id"], unique=False)
    op.create_table(
        "tutor_leaves",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("noted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("noted_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_tutor_leaves_days_in_order")),
        of("tutor_leaves", "user_id", "users", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_tutor_leaves")),
    )
    op.create_table(
        "host_safety",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=True),
        sa.Column("risk", among("risk", "low", "medium", "high"), nullable=True),
        sa.Column("register_number", sa.String(length=40), nullable=True),
        sa.Column("registered_on", sa.Date(), nullable=True),
        sa.Column("declared_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(assessed_on IS NULL) = (risk IS NULL)", name=op.f("ck_host_safety_assessment_pair")
        ),
        sa.CheckConstraint(
            "(register_number IS NULL) = (registered_on IS NULL)", name=op.f("ck_host_safety_register_pair")
        ),
        of("host_safety", "company_id", "companies", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_host_safety")),
    )
    op.create_table(
        "tutor_capacities",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("start_year", sa.Integer(), nullable=False),
        sa.Column("most_students", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("most_students BETWEEN 0 AND 200", name=op.f("ck_tutor_capacities_most_students")),
        of("tutor_capacities", "school_id", "schools", on_delete="CASCADE"),
        of("tutor_capacities", "user_id", "users", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "school_id", "start_year", name=op.f("pk_tutor_capacities")),
    )
    op.create_index(op.f("ix_tutor_capacities_school_id"), "tutor_capacities", ["school_id"], unique=False)
    op.create_table(
        "host_activities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=160), nullable=False),
        sa.Column("is_high_risk", sa.Boolean(), nullable=False),
        sa.Column("removed_at", sa.DateTime(timezone=True), nullable=True),
        of("host_activities", "company_id", "companies", on_delete="CASCADE"),
        of("host_activities", "site_id", "company_sites", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_host_activities")),
    )
    op.create_index(op.f("ix_host_activities_company_id"), "host_activities", ["company_id"], unique=False)
    op.create_index(op.f("ix_host_activities_site_id"), "host_activities", ["site_id"], unique=False)
    op.create_table(
        "safety_trainings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("kind", among("trainingkind", "general", "specific"), nullable=False),
        sa.Column("risk", among("risk", "low", "medium", "high"), nullable=True),
        sa.Column("hours", sa.Double(), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("held_by", sa.String(length=120), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "(kind = 'specific') = (risk IS NOT NULL)", name=op.f("ck_safety_trainings_risk_of_specific")
        ),
        sa.CheckConstraint("hours > 0 AND hours <= 100", name=op.f("ck_safety_trainings_hours")),
        of("safety_trainings", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_safety_trainings")),
    )
    op.create_index(op.f("ix_safety_trainings_student_id"), "safety_trainings", ["student_id"], unique=False)
    op.create_table(
        "placement_activities",
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("activity_id", sa.Uuid(), nullable=False),
        of("placement_activities", "activity_id", "host_activities", on_delete="CASCADE"),
        of("placement_activities", "placement_id", "placements", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("placement_id", "activity_id", name=op.f("pk_placement_activities")),
    )
    op.create_index(
        op.f("ix_placement_activities_activity_id"), "placement_activities", ["activity_id"], unique=False
    )
    op.create_table(
        "tutor_changes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("side", among("side", "school", "host"), nullable=False),
        sa.Column("before_id", sa.Uuid(), nullable=True),
        sa.Column("after_id", sa.Uuid(), nullable=True),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        of("tutor_changes", "after_id", "users", on_delete="SET NULL"),
        of("tutor_changes", "before_id", "users", on_delete="SET NULL"),
        of("tutor_changes", "placement_id", "placements", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tutor_changes")),
    )
    op.create_index(op.f("ix_tutor_changes_after_id"), "tutor_changes", ["after_id"], unique=False)
    op.create_index(op.f("ix_tutor_changes_before_id"), "tutor_changes", ["before_id"], unique=False)
    op.create_index(op.f("ix_tutor_changes_placement_id"), "tutor_changes", ["placement_id"], unique=False)
    op.create_index(
        "ix_tutor_changes_waiting",
        "tutor_changes",
        ["from_on"],
        unique=False,
        sqlite_where=sa.text("applied_at IS NULL"),
        postgresql_where=sa.text("applied_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("tutor_changes")
    op.drop_table("placement_activities")
    op.drop_table("safety_trainings")
    op.drop_table("host_activities")
    op.drop_table("tutor_capacities")
    op.drop_table("host_safety")
    op.drop_table("tutor_leaves")
    op.drop_table("law_rules")
