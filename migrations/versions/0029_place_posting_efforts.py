"""In which province a publication took what it took."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("posting_efforts", sa.Column("province_code", sa.String(length=2), nullable=True))


def downgrade() -> None:
    op.drop_column("posting_efforts", "province_code")
