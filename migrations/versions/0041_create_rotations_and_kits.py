"""Rotation plans of shared opportunities with their firms, the plan as a placement keeps it, and co-design kits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None


def _checks(table: str) -> list[sa.CheckConstraint]:
    return [
        sa.CheckConstraint("starts_on <= ends_on", name=op.f(f"ck_{table}_days_in_order")),
        sa.CheckConstraint("(starts_at IS NULL) = (ends_at IS NULL)", name=op.f(f"ck_{table}_times_pair")),
        sa.CheckConstraint(
            "starts_at IS NULL OR starts_on = ends_on", name=op.f(f"ck_{table}_times_of_one_day")
        ),
        sa.CheckConstraint("hours > 0", name=op.f(f"ck_{table}_hours")),
    ]


def _stop() -> list[sa.Column[object]]:
    return [
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("site_id", sa.Uuid(), nullable=True),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("starts_at", sa.Time(), nullable=True),
        sa.Column("ends_at", sa.Time(), nullable=True),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("learns", sa.String(length=1000), nullable=False),
    ]


def upgrade() -> None:
    op.create_table(
        "rotations",
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("allows_gaps", sa.Boolean(), nullable=False),
        sa.Column("allows_overlaps", sa.Boolean(), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        of("rotations", "opportunity_id", "opportunities", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("opportunity_id", name=op.f("pk_rotations")),
    )
    op.create_table(
        "hosting_partners",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state", among("partnerstate", "invited", "accepted", "declined", "withdrawn"), nullable=False
        ),
        sa.Column(
            "reason",
            among(
                "partnerreason",
                "no_tutor",
                "no_fitting_work",
                "days_do_not_fit",
                "too_much_paper",
                "other_students",
            ),
            nullable=True,
        ),
        sa.Column("tutor_id", sa.Uuid(), nullable=True),
        sa.Column("invited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("invited_by", sa.String(length=80), nullable=False),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state = 'declined') = (reason IS NOT NULL)",
            name=op.f("ck_hosting_partners_declined_with_reason"),
        ),
        sa.CheckConstraint(
            "(answered_at IS NULL) = (answered_by IS NULL)", name=op.f("ck_hosting_partners_answered_pair")
        ),
        of("hosting_partners", "company_id", "companies", on_delete="CASCADE"),
        of("hosting_partners", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("hosting_partners", "tutor_id", "users", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hosting_partners")),
        sa.UniqueConstraint(
            "opportunity_id", "company_id", name=op.f("uq_hosting_partners_opportunity_id_company_id")
        ),
    )
    op.create_index(
        "ix_hosting_partners_company_id_invited_at",
        "hosting_partners",
        ["company_id", "invited_at"],
        unique=False,
    )
    op.create_index(op.f("ix_hosting_partners_tutor_id"), "hosting_partners", ["tutor_id"], unique=False)
    op.create_table(
        "rotation_stations",
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *_stop(),
        *_checks("rotation_stations"),
        of("rotation_stations", "company_id", "companies"),
        of("rotation_stations", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("rotation_stations", "site_id", "company_sites", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("opportunity_id", "position", name=op.f("pk_rotation_stations")),
    )
    op.create_index(
        op.f("ix_rotation_stations_company_id"), "rotation_stations", ["company_id"], unique=False
    )
    op.create_table(
        "placement_stations",
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("host_tutor_id", sa.Uuid(), nullable=True),
        *_stop(),
        *_checks("placement_stations"),
        of("placement_stations", "company_id", "companies"),
        of("placement_stations", "host_tutor_id", "users", on_delete="SET NULL"),
        of("placement_stations", "placement_id", "placements", on_delete="CASCADE"),
        of("placement_stations", "site_id", "company_sites", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("placement_id", "position", name=op.f("pk_placement_stations")),
    )
    op.create_index(
        op.f("ix_placement_stations_company_id"), "placement_stations", ["company_id"], unique=False
    )
    op.create_index(
        op.f("ix_placement_stations_host_tutor_id"), "placement_stations", ["host_tutor_id"], unique=False
    )

    op.create_table(
        "kits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("kind", among("kind", "internship", "visit", "training"), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("summary", sa.String(length=4000), nullable=False),
        sa.Column("result", sa.String(length=2000), nullable=False),
        sa.Column("materials", sa.String(length=2000), nullable=False),
        sa.Column("programme_id", sa.String(length=80), nullable=True),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("students", sa.Integer(), nullable=False),
        sa.Column("is_retired", sa.Boolean(), nullable=False),
        sa.Column("company_shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("company_shown_by", sa.String(length=80), nullable=True),
        sa.Column("school_shown_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("school_shown_by", sa.String(length=80), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("company_id IS NOT NULL OR school_id IS NOT NULL", name=op.f("ck_kits_has_maker")),
        sa.CheckConstraint(
            "(company_shown_at IS NULL) = (company_shown_by IS NULL)"
            " AND (company_shown_at IS NULL OR company_id IS NOT NULL)",
            name=op.f("ck_kits_company_shown"),
        ),
        sa.CheckConstraint(
            "(school_shown_at IS NULL) = (school_shown_by IS NULL)"
            " AND (school_shown_at IS NULL OR school_id IS NOT NULL)",
            name=op.f("ck_kits_school_shown"),
        ),
        sa.CheckConstraint("first_year <= last_year", name=op.f("ck_kits_years_in_order")),
        sa.CheckConstraint("hours >= 0 AND students > 0", name=op.f("ck_kits_counts")),
        of("kits", "company_id", "companies"),
        of("kits", "programme_id", "programmes"),
        of("kits", "school_id", "schools"),
        of("kits", "territory_id", "territories"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kits")),
    )
    op.create_index(op.f("ix_kits_company_id"), "kits", ["company_id"], unique=False)
    op.create_index(op.f("ix_kits_school_id"), "kits", ["school_id"], unique=False)
    op.create_index("ix_kits_territory_id_created_at", "kits", ["territory_id", "created_at"], unique=False)
    op.create_table(
        "kit_steps",
        sa.Column("kit_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("company_minutes", sa.Integer(), nullable=False),
        sa.Column("teacher_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "company_minutes >= 0 AND teacher_minutes >= 0", name=op.f("ck_kit_steps_minutes")
        ),
        of("kit_steps", "kit_id", "kits", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("kit_id", "position", name=op.f("pk_kit_steps")),
    )
    op.create_table(
        "kit_skills",
        sa.Column("kit_id", sa.Uuid(), nullable=False),
        sa.Column("skill_id", sa.String(length=80), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        of("kit_skills", "kit_id", "kits", on_delete="CASCADE"),
        of("kit_skills", "skill_id", "skills"),
        sa.PrimaryKeyConstraint("kit_id", "skill_id", name=op.f("pk_kit_skills")),
    )
    op.create_index(op.f("ix_kit_skills_skill_id"), "kit_skills", ["skill_id"], unique=False)
    op.create_table(
        "kit_copies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kit_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("company_minutes", sa.Integer(), nullable=True),
        sa.Column("teacher_minutes", sa.Integer(), nullable=True),
        sa.Column("copied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("copied_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "company_minutes IS NULL OR company_minutes > 0", name=op.f("ck_kit_copies_company_minutes")
        ),
        sa.CheckConstraint(
            "teacher_minutes IS NULL OR teacher_minutes > 0", name=op.f("ck_kit_copies_teacher_minutes")
        ),
        of("kit_copies", "kit_id", "kits", on_delete="CASCADE"),
        of("kit_copies", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("kit_copies", "school_id", "schools"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_kit_copies")),
        sa.UniqueConstraint("opportunity_id", name=op.f("uq_kit_copies_opportunity_id")),
    )
    op.create_index(op.f("ix_kit_copies_kit_id"), "kit_copies", ["kit_id"], unique=False)


def downgrade() -> None:
    op.drop_table("kit_copies")
    op.drop_table("kit_skills")
    op.drop_table("kit_steps")
    op.drop_table("kits")
    op.drop_table("placement_stations")
    op.drop_table("rotation_stations")
    op.drop_table("hosting_partners")
    op.drop_table("rotations")
