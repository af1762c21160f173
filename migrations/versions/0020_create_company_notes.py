"""Notes of coordinators about companies, and a way to find what somebody did last."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import of

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "company_notes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(length=80), nullable=False),
        of("company_notes", "company_id", "companies", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_notes")),
    )
    op.create_index("ix_company_notes_company_id_written_at", "company_notes", ["company_id", "written_at"])
    op.create_index("ix_events_actor_id_at", "events", ["actor_id", "at"])


def downgrade() -> None:
    op.drop_index("ix_events_actor_id_at", "events")
    op.drop_table("company_notes")
