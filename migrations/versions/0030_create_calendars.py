"""Days off that only some people have: closing days of schools, and patron saints' days of municipalities."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0030"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "school_closings",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("kind", among("kind", "lessons_only", "nobody_expected"), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_school_closings_days_in_order")),
        of("school_closings", "school_id", "schools", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_school_closings")),
        sa.UniqueConstraint(
            "school_id", "starts_on", "ends_on", name=op.f("uq_school_closings_school_id_starts_on_ends_on")
        ),
    )
    op.create_table(
        "patron_days",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("municipality_istat", sa.String(length=6), nullable=False),
        sa.Column("month", sa.Integer(), nullable=False),
        sa.Column("day", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.CheckConstraint("day BETWEEN 1 AND 31", name=op.f("ck_patron_days_day")),
        sa.CheckConstraint("month BETWEEN 1 AND 12", name=op.f("ck_patron_days_month")),
        sa.ForeignKeyConstraint(
            ["municipality_istat"],
            ["municipalities.istat"],
            name=op.f("fk_patron_days_municipality_istat_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patron_days")),
        sa.UniqueConstraint("municipality_istat", name=op.f("uq_patron_days_municipality_istat")),
    )


def downgrade() -> None:
    op.drop_table("patron_days")
    op.drop_table("school_closings")
