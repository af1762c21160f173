"""Series, the events proposed for them, and the secret addresses of calendars."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("name_it", sa.String(length=120), nullable=False),
        sa.Column("name_en", sa.String(length=120), nullable=False),
        sa.Column("kind", among("serieskind", "festival", "open_days", "programme"), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("brief", sa.String(length=2000), nullable=False),
        sa.Column("review_days", sa.Integer(), nullable=False),
        sa.Column("state", among("seriesstate", "draft", "open", "closed"), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_series_days_in_order")),
        sa.CheckConstraint("review_days BETWEEN 1 AND 60", name=op.f("ck_series_review_days")),
        of("series", "territory_id", "territories"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    op.create_index(op.f("ix_series_territory_id"), "series", ["territory_id"], unique=False)
    op.create_index("ix_series_starts_on_id", "series", ["starts_on", "id"], unique=False)
    op.create_table(
        "series_proposals",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column(
            "state",
            among("proposalstate", "proposed", "in_review", "published", "returned", "withdrawn"),
            nullable=False,
        ),
        sa.Column("audiences", sa.Integer(), nullable=False),
        sa.Column("is_step_free", sa.Boolean(), nullable=True),
        sa.Column("accessibility", sa.String(length=1000), nullable=False),
        sa.Column("contact_name", sa.String(length=120), nullable=False),
        sa.Column("contact_phone", sa.String(length=40), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("proposed_by", sa.String(length=80), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.String(length=1000), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("audiences BETWEEN 1 AND 15", name=op.f("ck_series_proposals_audiences")),
        sa.CheckConstraint(
            "(state IN ('proposed', 'in_review')) = (due_at IS NOT NULL)",
            name=op.f("ck_series_proposals_open_has_clock"),
        ),
        sa.CheckConstraint(
            "(state = 'returned') = (reason IS NOT NULL)",
            name=op.f("ck_series_proposals_returned_with_reason"),
        ),
        sa.CheckConstraint(
            "(decided_at IS NULL) = (decided_by IS NULL)", name=op.f("ck_series_proposals_decided_pair")
        ),
        of("series_proposals", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("series_proposals", "series_id", "series"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series_proposals")),
        sa.UniqueConstraint("opportunity_id", name=op.f("uq_series_proposals_opportunity_id")),
    )
    op.create_index(
        "ix_series_proposals_due_at",
        "series_proposals",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "ix_series_proposals_series_id_state", "series_proposals", ["series_id", "state"], unique=False
    )
    op.create_table(
        "calendar_feeds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("about", among("feedabout", "own", "class", "company", "territory"), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=True),
        sa.Column("company_id", sa.Uuid(), nullable=True),
        sa.Column("territory_id", sa.Uuid(), nullable=True),
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(about = 'class') = (class_id IS NOT NULL)"
            " AND (about = 'company') = (company_id IS NOT NULL)"
            " AND (about = 'territory') = (territory_id IS NOT NULL)",
            name=op.f("ck_calendar_feeds_about_one"),
        ),
        of("calendar_feeds", "class_id", "classes", on_delete="CASCADE"),
        of("calendar_feeds", "company_id", "companies", on_delete="CASCADE"),
        of("calendar_feeds", "territory_id", "territories", on_delete="CASCADE"),
        of("calendar_feeds", "user_id", "users", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendar_feeds")),
        sa.UniqueConstraint("token_hash", name=op.f("uq_calendar_feeds_token_hash")),
    )
    op.create_index(op.f("ix_calendar_feeds_user_id"), "calendar_feeds", ["user_id"], unique=False)


def downgrade() -> None:
    op.drop_table("calendar_feeds")
    op.drop_table("series_proposals")
    op.drop_table("series")
