"""Protocols that actors of a territory have signed, and what each has committed itself to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "protocols",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("document_number", sa.String(length=200), nullable=True),
        sa.Column("signed_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("signed_on <= valid_until", name=op.f("ck_protocols_days_in_order")),
        of("protocols", "territory_id", "territories", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocols")),
    )
    op.create_index("ix_protocols_territory_id", "protocols", ["territory_id"], unique=False)
    op.create_table(
        "protocol_parties",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("protocol_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("pledge", among("pledge", "visits", "seats", "placements", "other"), nullable=True),
        sa.Column("per_year", sa.Integer(), nullable=True),
        sa.Column("words", sa.String(length=200), nullable=False),
        sa.CheckConstraint(
            "(school_id IS NULL) <> (company_id IS NULL)", name=op.f("ck_protocol_parties_one_actor")
        ),
        sa.CheckConstraint(
            "(pledge IS NULL) = (per_year IS NULL)", name=op.f("ck_protocol_parties_pledge_with_number")
        ),
        sa.CheckConstraint(
            "(pledge = 'other') = (words <> '')", name=op.f("ck_protocol_parties_other_in_words")
        ),
        sa.CheckConstraint("per_year >= 1", name=op.f("ck_protocol_parties_per_year")),
        of("protocol_parties", "protocol_id", "protocols", on_delete="CASCADE"),
        of("protocol_parties", "school_id", "schools", on_delete="CASCADE"),
        of("protocol_parties", "company_id", "companies", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_protocol_parties")),
        sa.UniqueConstraint(
            "protocol_id", "school_id", name=op.f("uq_protocol_parties_protocol_id_school_id")
        ),
        sa.UniqueConstraint(
            "protocol_id", "company_id", name=op.f("uq_protocol_parties_protocol_id_company_id")
        ),
    )
    for column in ("school_id", "company_id"):
        op.create_index(f"ix_protocol_parties_{column}", "protocol_parties", [column], unique=False)


def downgrade() -> None:
    op.drop_table("protocol_parties")
    op.drop_table("protocols")
