"""When companies that went quiet were asked, and since when they are hidden."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import of

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "company_recalls",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("warned_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hidden_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "hidden_at IS NULL OR warned_at IS NOT NULL", name=op.f("ck_company_recalls_hidden_after_warning")
        ),
        of("company_recalls", "company_id", "companies", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("company_id", name=op.f("pk_company_recalls")),
    )


def downgrade() -> None:
    op.drop_table("company_recalls")
