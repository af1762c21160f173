"""What companies say of each school year."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0031"
down_revision = "0030"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "company_appetites",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("start_year", sa.Integer(), nullable=False),
        sa.Column("appetite", among("appetite", "looking", "interested", "organised", "not_this_year"), nullable=False),
        sa.Column(
            "reason",
            among(
                "nothosting", "no_tutor", "no_fitting_work", "little_work", "reorganising", "too_much_paper",
                "no_fitting_students",
            ),
            nullable=True,
        ),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("answered_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(appetite = 'not_this_year') = (reason IS NOT NULL)", name=op.f("ck_company_appetites_reason_of_no")
        ),
        of("company_appetites", "company_id", "companies", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("company_id", "start_year", name=op.f("pk_company_appetites")),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("company_appetites")
