"""Create students and opportunities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "opportunities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("kind", among("kind", "internship", "visit", "training"), nullable=False),
        sa.Column(
            "status", among("status", "draft", "published", "full", "closed", "archived"), nullable=False
        ),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("text", sa.String(length=8000), nullable=False),
        sa.Column("conditions", sa.String(length=2000), nullable=False),
        sa.Column("municipality_istat", sa.String(length=6), nullable=True),
        sa.Column("is_online", sa.Boolean(), nullable=False),
        sa.Column("seats", sa.Integer(), nullable=False),
        sa.Column("seats_taken", sa.Integer(), nullable=False),
        sa.Column("group_min", sa.Integer(), nullable=True),
        sa.Column("group_max", sa.Integer(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("daily_hours", sa.Double(), nullable=True),
        sa.Column("min_age", sa.Integer(), nullable=True),
        sa.Column("max_age", sa.Integer(), nullable=True),
        sa.Column("closes_on", sa.Date(), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=True),
        sa.Column("external_id", sa.String(length=80), nullable=True),
        sa.Column("revision", sa.BigInteger(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by IS NULL)", name=op.f("ck_opportunities_published_pair")
        ),
        sa.CheckConstraint(
            "group_min IS NULL OR group_max IS NULL OR group_min <= group_max",
            name=op.f("ck_opportunities_group"),
        ),
        sa.CheckConstraint(
            "is_online = (municipality_istat IS NULL) OR (NOT is_online AND published_at IS NULL)",
            name=op.f("ck_opportunities_placed_or_online"),
        ),
        sa.CheckConstraint(
            "min_age IS NULL OR max_age IS NULL OR min_age <= max_age", name=op.f("ck_opportunities_ages")
        ),
        sa.CheckConstraint("seats_taken BETWEEN 0 AND seats", name=op.f("ck_opportunities_seats")),
        of("opportunities", "company_id", "companies"),
        sa.ForeignKeyConstraint(
            ["municipality_istat"],
            ["municipalities.istat"],
            name=op.f("fk_opportunities_municipality_istat_municipalities"),
        ),
        of("opportunities", "site_id", "company_sites"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunities")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_opportunities_source_external_id")),
    )
    with op.batch_alter_table("opportunities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opportunities_company_id"), ["company_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_opportunities_municipality_istat"), ["municipality_istat"], unique=False
        )
        batch_op.create_index("ix_opportunities_status_revision", ["status", "revision"], unique=False)
        batch_op.create_index("ix_opportunities_created_at_id", ["created_at", "id"], unique=False)

    op.create_table(
        "opportunity_eligibilities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("school_kind", sa.String(length=20), nullable=True),
        sa.Column("sector", sa.String(length=40), nullable=True),
        sa.Column("programme_id", sa.String(length=80), nullable=True),
        sa.Column("year", sa.Integer(), nullable=True),
        of("opportunity_eligibilities", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("opportunity_eligibilities", "programme_id", "programmes"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity_eligibilities")),
    )
    with op.batch_alter_table("opportunity_eligibilities", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opportunity_eligibilities_opportunity_id"), ["opportunity_id"], unique=False
        )

    op.create_table(
        "opportunity_skills",
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("skill_id", sa.String(length=80), nullable=False),
        sa.Column("role", among("skillrole", "required", "wanted", "taught"), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 4", name=op.f("ck_opportunity_skills_level")),
        of("opportunity_skills", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("opportunity_skills", "skill_id", "skills"),
        sa.PrimaryKeyConstraint("opportunity_id", "skill_id", "role", name=op.f("pk_opportunity_skills")),
    )
    with op.batch_alter_table("opportunity_skills", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_opportunity_skills_skill_id"), ["skill_id"], unique=False)

    op.create_table(
        "opportunity_spans",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.Time(), nullable=True),
        sa.Column("ends_at", sa.Time(), nullable=True),
        sa.CheckConstraint("parts BETWEEN 1 AND 7", name=op.f("ck_opportunity_spans_parts")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_opportunity_spans_days_in_order")),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name=op.f("ck_opportunity_spans_weekdays")),
        of("opportunity_spans", "opportunity_id", "opportunities", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_opportunity_spans")),
    )
    with op.batch_alter_table("opportunity_spans", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_opportunity_spans_opportunity_id"), ["opportunity_id"], unique=False
        )

    op.create_table(
        "students",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("given_name", sa.String(length=80), nullable=False),
        sa.Column("family_name", sa.String(length=80), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("municipality_istat", sa.String(length=6), nullable=False),
        sa.Column("max_km", sa.Integer(), nullable=True),
        sa.Column("travel_mode", among("travelmode", "walk", "bicycle", "transit", "car"), nullable=False),
        sa.Column("hours_owed", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=True),
        sa.Column("external_id", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("hours_owed >= 0", name=op.f("ck_students_hours_owed")),
        sa.CheckConstraint("max_km IS NULL OR max_km > 0", name=op.f("ck_students_max_km")),
        of("students", "class_id", "classes"),
        sa.ForeignKeyConstraint(
            ["municipality_istat"],
            ["municipalities.istat"],
            name=op.f("fk_students_municipality_istat_municipalities"),
        ),
        of("students", "school_id", "schools"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_students")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_students_source_external_id")),
    )
    with op.batch_alter_table("students", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_students_class_id"), ["class_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_students_school_id"), ["school_id"], unique=False)

    op.create_table(
        "student_availabilities",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("weekdays", sa.Integer(), nullable=False),
        sa.Column("parts", sa.Integer(), nullable=False),
        sa.CheckConstraint("parts BETWEEN 1 AND 7", name=op.f("ck_student_availabilities_parts")),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_student_availabilities_days_in_order")),
        sa.CheckConstraint("weekdays BETWEEN 1 AND 127", name=op.f("ck_student_availabilities_weekdays")),
        of("student_availabilities", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_student_availabilities")),
    )
    with op.batch_alter_table("student_availabilities", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("ix_student_availabilities_student_id"), ["student_id"], unique=False
        )

    op.create_table(
        "student_interests",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("skill_id", sa.String(length=80), nullable=False),
        of("student_interests", "skill_id", "skills"),
        of("student_interests", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("student_id", "skill_id", name=op.f("pk_student_interests")),
    )
    with op.batch_alter_table("student_interests", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_student_interests_skill_id"), ["skill_id"], unique=False)

    op.create_table(
        "student_languages",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("cefr", sa.String(length=2), nullable=False),
        sa.CheckConstraint(
            "cefr IN ('A1', 'A2', 'B1', 'B2', 'C1', 'C2')", name=op.f("ck_student_languages_cefr")
        ),
        of("student_languages", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("student_id", "language", name=op.f("pk_student_languages")),
    )
    op.create_table(
        "student_skills",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("skill_id", sa.String(length=80), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.Column(
            "evidence", among("evidence", "declared", "curriculum", "validated", "certified"), nullable=False
        ),
        sa.Column("words", sa.String(length=200), nullable=True),
        sa.CheckConstraint("level BETWEEN 1 AND 4", name=op.f("ck_student_skills_level")),
        of("student_skills", "skill_id", "skills"),
        of("student_skills", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("student_id", "skill_id", name=op.f("pk_student_skills")),
    )
    with op.batch_alter_table("student_skills", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_student_skills_skill_id"), ["skill_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("student_skills", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_student_skills_skill_id"))

    op.drop_table("student_skills")
    op.drop_table("student_languages")
    with op.batch_alter_table("student_interests", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_student_interests_skill_id"))

    op.drop_table("student_interests")
    with op.batch_alter_table("student_availabilities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_student_availabilities_student_id"))

    op.drop_table("student_availabilities")
    with op.batch_alter_table("students", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_students_school_id"))
        batch_op.drop_index(batch_op.f("ix_students_class_id"))

    op.drop_table("students")
    with op.batch_alter_table("opportunity_spans", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opportunity_spans_opportunity_id"))

    op.drop_table("opportunity_spans")
    with op.batch_alter_table("opportunity_skills", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opportunity_skills_skill_id"))

    op.drop_table("opportunity_skills")
    with op.batch_alter_table("opportunity_eligibilities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_opportunity_eligibilities_opportunity_id"))

    op.drop_table("opportunity_eligibilities")
    with op.batch_alter_table("opportunities", schema=None) as batch_op:
        batch_op.drop_index("ix_opportunities_created_at_id")
        batch_op.drop_index("ix_opportunities_status_revision")
        batch_op.drop_index(batch_op.f("ix_opportunities_municipality_istat"))
        batch_op.drop_index(batch_op.f("ix_opportunities_company_id"))

    op.drop_table("opportunities")
