"""Districts, sectors and priority areas of each territory."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import of

revision = "0036"
down_revision = "0035"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "territory_areas",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("document", sa.JSON(), nullable=False),
        sa.Column("edited_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("edited_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        of("territory_areas", "territory_id", "territories", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("territory_id", name=op.f("pk_territory_areas")),
    )


def downgrade() -> None:
    op.drop_table("territory_areas")
