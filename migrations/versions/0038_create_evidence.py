"""Outcomes of placements, enrolments, and editions of figures."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reported_outcomes",
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column(
            "outcome",
            among("outcome", "contract", "apprenticeship", "its_enrolment", "university"),
            nullable=False,
        ),
        sa.Column("agreed_on", sa.Date(), nullable=False),
        sa.Column("reported_for", among("party", "student", "company", "school", "service"), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reported_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        of("reported_outcomes", "placement_id", "placements", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("placement_id", name=op.f("pk_reported_outcomes")),
    )
    op.create_table(
        "enrolments",
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("start_year", sa.Integer(), nullable=False),
        sa.Column("track", sa.String(length=120), nullable=False),
        sa.Column("students", sa.Integer(), nullable=False),
        sa.CheckConstraint("students BETWEEN 0 AND 10000", name=op.f("ck_enrolments_students")),
        sa.CheckConstraint("start_year BETWEEN 2000 AND 2100", name=op.f("ck_enrolments_start_year")),
        of("enrolments", "school_id", "schools", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("school_id", "start_year", "track", name=op.f("pk_enrolments")),
    )
    op.create_table(
        "evidence_editions",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("policy", sa.String(length=40), nullable=False),
        sa.Column("start_year", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("counted_by", sa.String(length=80), nullable=False),
        sa.Column("released_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("released_by", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(released_at IS NULL) = (released_by IS NULL)", name=op.f("ck_evidence_editions_released_pair")
        ),
        sa.CheckConstraint("number >= 1", name=op.f("ck_evidence_editions_number")),
        of("evidence_editions", "territory_id", "territories", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence_editions")),
        sa.UniqueConstraint(
            "territory_id", "policy", "start_year", "number",
            name=op.f("uq_evidence_editions_territory_id_policy_start_year_number"),
        ),
    )  # fmt: skip
    op.create_index("ix_evidence_editions_released_at_id", "evidence_editions", ["released_at", "id"])


def downgrade() -> None:
    for table in ("evidence_editions", "enrolments", "reported_outcomes"):
        op.drop_table(table)
