"""Rotation plans of shared opportunities, the firms that take part, and the plan as a placement keeps it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0041"
down_revision = "0038"
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


def downgrade() -> None:
    op.drop_table("placement_stations")
    op.drop_table("rotation_stations")
    op.drop_table("hosting_partners")
    op.drop_table("rotations")
