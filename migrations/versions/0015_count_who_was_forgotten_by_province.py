"""Count who was forgotten by province: a coordinator reads the counts of the territory, and of no other.

Of those counted before nobody knows the province any more; only administrators read these.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.columns import among

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

BEFORE, AFTER = (
    ("kind", "start_year", "programme_id"),
    ("kind", "start_year", "province_code", "programme_id"),
)


def upgrade() -> None:
    _remake(AFTER)


def downgrade() -> None:
    _remake(BEFORE)


def _remake(key: tuple[str, ...]) -> None:
    """Make the table anew with this key; what falls together is added up."""
    connection = op.get_bind()
    columns = [sa.column(name) if name in BEFORE else sa.literal("").label(name) for name in key]
    counted = sa.select(*columns, sa.func.sum(sa.column("number")).label("number"))
    rows = connection.execute(
        counted.select_from(sa.table("erased_counts")).group_by(*(sa.column(name) for name in BEFORE))
    ).all()
    op.drop_table("erased_counts")
    kind = among("subjectkind", "student", "account")
    types: dict[str, Any] = {
        "kind": kind,
        "start_year": sa.Integer(),
        "province_code": sa.String(2),
        "programme_id": sa.String(80),
    }
    made = op.create_table(
        "erased_counts",
        *(sa.Column(name, types[name], autoincrement=False, nullable=False) for name in key),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_erased_counts_number")),
        sa.PrimaryKeyConstraint(*key, name=op.f("pk_erased_counts")),
    )
    op.bulk_insert(made, [row._asdict() for row in rows])
