"""Invitations of coordinators name the territory, and training bodies are invited too."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

ROLES = (
    "'student', 'teacher', 'school_lead', 'company_member', 'company_admin', {}'coordinator', 'administrator'"
)
OFFERED = "'teacher', 'school_lead', 'company_member', 'company_admin', {}'coordinator'"
AT_COMPANY = "'company_member', 'company_admin'{}"


def _bound(body: str, *, has_territory: bool) -> str:
    of_company = AT_COMPANY.format(", 'training_body'" if body else "")
    return (
        f"role IN ({OFFERED.format(body)})"
        " AND (role IN ('teacher', 'school_lead')) = (school_id IS NOT NULL)"
        f" AND (role IN ({of_company})) = (company_id IS NOT NULL)"
    ) + (" AND (role = 'coordinator') = (territory_id IS NOT NULL)" if has_territory else "")


def upgrade() -> None:
    # An open invitation to coordinate names no territory: it has to be made anew.
    op.execute("DELETE FROM invitations WHERE role = 'coordinator'")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_invitations_bound_to_role"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_invitations_role"), type_="check")
        batch_op.add_column(sa.Column("territory_id", sa.Uuid(), nullable=True))
        batch_op.create_foreign_key(
            batch_op.f("fk_invitations_territory_id_territories"), "territories", ["territory_id"], ["id"],
            ondelete="CASCADE",
        )  # fmt: skip
        batch_op.create_index(batch_op.f("ix_invitations_territory_id"), ["territory_id"], unique=False)
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        body = "'training_body', "
        batch_op.create_check_constraint(
            batch_op.f("ck_invitations_bound_to_role"), _bound(body, has_territory=True)
        )
        batch_op.create_check_constraint(batch_op.f("ck_invitations_role"), f"role IN ({ROLES.format(body)})")


def downgrade() -> None:
    op.execute("DELETE FROM invitations WHERE role IN ('coordinator', 'training_body')")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_invitations_bound_to_role"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_invitations_role"), type_="check")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_invitations_territory_id"))
        batch_op.drop_constraint(batch_op.f("fk_invitations_territory_id_territories"), type_="foreignkey")
        batch_op.drop_column("territory_id")
    with op.batch_alter_table("invitations", schema=None) as batch_op:
        batch_op.create_check_constraint(
            batch_op.f("ck_invitations_bound_to_role"), _bound("", has_territory=False)
        )
        batch_op.create_check_constraint(batch_op.f("ck_invitations_role"), f"role IN ({ROLES.format('')})")
