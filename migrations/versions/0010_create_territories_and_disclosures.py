"""Create territories, the clock of a company's review, and the requests for a name."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import Any

import sqlalchemy as sa
from alembic import op

from migrations.columns import of

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

ROLES = (
    "student",
    "teacher",
    "school_lead",
    "company_member",
    "company_admin",
    "coordinator",
    "administrator",
)
NEW_ROLES = (*ROLES[:5], "training_body", *ROLES[5:])
BOUND = (
    "(role = 'student') = (student_id IS NOT NULL)"
    " AND (role IN ('teacher', 'school_lead')) = (school_id IS NOT NULL)"
    " AND (role IN ('company_member', 'company_admin')) = (company_id IS NOT NULL)"
)
NEW_BOUND = (
    "(role = 'student') = (student_id IS NOT NULL)"
    " AND (role IN ('teacher', 'school_lead')) = (school_id IS NOT NULL)"
    " AND (role IN ('company_member', 'company_admin', 'training_body')) = (company_id IS NOT NULL)"
    " AND (role = 'coordinator') = (territory_id IS NOT NULL)"
)
WAITING = "approved_at IS NULL AND rejected_at IS NULL"
OPEN = "refused_at IS NULL AND withdrawn_at IS NULL"


def upgrade() -> None:
    op.create_table(
        "territories",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_territories")),
        sa.UniqueConstraint("name", name=op.f("uq_territories_name")),
    )
    op.create_table(
        "territory_provinces",
        sa.Column("territory_id", sa.Uuid(), nullable=False),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        of("territory_provinces", "territory_id", "territories", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("territory_id", "province_code", name=op.f("pk_territory_provinces")),
    )
    _bind_coordinators()
    _start_clocks()
    _create_disclosures()


def _bind_coordinators() -> None:
    for table in ("memberships", "api_keys"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(batch_op.f(f"ck_{table}_role"), type_="check")
            batch_op.add_column(sa.Column("territory_id", sa.Uuid(), nullable=True))
            batch_op.create_foreign_key(
                batch_op.f(f"fk_{table}_territory_id_territories"), "territories", ["territory_id"], ["id"]
            )
    _found_first_territory()
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_memberships_bound_to_role"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_memberships_bound_to_role"), NEW_BOUND)
        batch_op.create_check_constraint(batch_op.f("ck_memberships_role"), _among("role", NEW_ROLES))
        batch_op.create_unique_constraint(
            batch_op.f("uq_memberships_user_id_territory_id"), ["user_id", "territory_id"]
        )
        batch_op.create_index(batch_op.f("ix_memberships_territory_id"), ["territory_id"], unique=False)
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.create_check_constraint(batch_op.f("ck_api_keys_role"), _among("role", NEW_ROLES))


def _found_first_territory() -> None:
    """Whoever coordinates today coordinates everything: one territory with every province that has schools."""
    connection = op.get_bind()
    memberships, keys = (
        _table("memberships", "role", "territory_id"),
        _table("api_keys", "role", "territory_id"),
    )
    bound = [table for table in (memberships, keys) if _has_coordinators(connection, table)]
    if not bound:
        return
    territory = _table("territories", "id", "name")
    territory_id = uuid.uuid4()
    connection.execute(territory.insert().values(id=territory_id, name="Territorio"))
    schools, places = (
        _table("schools", "municipality_istat"),
        _table("municipalities", "istat", "province_code"),
    )
    provinces = (
        sa.select(sa.literal(territory_id, sa.Uuid()), places.c.province_code)
        .distinct()
        .where(places.c.istat.in_(sa.select(schools.c.municipality_istat)))
    )
    of_territory = _table("territory_provinces", "territory_id", "province_code")
    connection.execute(of_territory.insert().from_select(["territory_id", "province_code"], provinces))
    for table in bound:
        connection.execute(
            table.update().where(table.c.role == "coordinator").values(territory_id=territory_id)
        )


def _start_clocks() -> None:
    with op.batch_alter_table("companies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("territory_id", sa.Uuid(), nullable=True))
        batch_op.add_column(sa.Column("submitted_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("answer_due_on", sa.Date(), nullable=True))
        batch_op.add_column(sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("approved_by", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("rejected_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("rejected_by", sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column("rejection_reason", sa.String(length=1000), nullable=True))
    companies = _table(
        "companies",
        "is_approved",
        "submitted_at",
        "answer_due_on",
        "approved_at",
        "approved_by",
        "territory_id",
    )
    now = datetime.now(UTC)
    connection = op.get_bind()
    # When it was asked and answered was not kept: the clock of those that wait starts today.
    connection.execute(companies.update().values(submitted_at=now, answer_due_on=now.date()))
    connection.execute(
        companies.update()
        .where(companies.c.is_approved)
        .values(approved_at=now, approved_by="system:migration")
    )
    first = sa.select(_table("territories", "id").c.id).scalar_subquery()  # there is one, or none
    connection.execute(companies.update().values(territory_id=first))
    with op.batch_alter_table("companies", schema=None) as batch_op:
        batch_op.alter_column("submitted_at", existing_type=sa.DateTime(timezone=True), nullable=False)
        batch_op.alter_column("answer_due_on", existing_type=sa.Date(), nullable=False)
        batch_op.drop_column("is_approved")
        batch_op.create_foreign_key(
            batch_op.f("fk_companies_territory_id_territories"), "territories", ["territory_id"], ["id"]
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_companies_approved_pair"), "(approved_at IS NULL) = (approved_by IS NULL)"
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_companies_rejected_triple"),
            "(rejected_at IS NULL) = (rejected_by IS NULL)"
            " AND (rejected_at IS NULL) = (rejection_reason IS NULL)",
        )
        batch_op.create_check_constraint(
            batch_op.f("ck_companies_one_answer"), "approved_at IS NULL OR rejected_at IS NULL"
        )
        batch_op.create_index(
            batch_op.f("ix_companies_waiting"), ["answer_due_on", "submitted_at", "id"], unique=False,
            sqlite_where=sa.text(WAITING), postgresql_where=sa.text(WAITING),
        )  # fmt: skip


def _create_disclosures() -> None:
    op.create_table(
        "disclosures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.String(length=80), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        *(
            column
            for name in ("student_accepted", "school_accepted", "refused", "withdrawn")
            for column in (
                sa.Column(f"{name}_at", sa.DateTime(timezone=True), nullable=True),
                sa.Column(f"{name}_by", sa.String(length=80), nullable=True),
            )
        ),
        sa.Column("tutor_id", sa.Uuid(), nullable=True),
        *(
            sa.CheckConstraint(
                f"({name}_at IS NULL) = ({name}_by IS NULL)", name=op.f(f"ck_disclosures_{name}_pair")
            )
            for name in ("student_accepted", "school_accepted", "refused", "withdrawn")
        ),
        sa.CheckConstraint("refused_at IS NULL OR withdrawn_at IS NULL", name=op.f("ck_disclosures_one_end")),
        of("disclosures", "company_id", "companies", on_delete="CASCADE"),
        of("disclosures", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("disclosures", "student_id", "students", on_delete="CASCADE"),
        of("disclosures", "tutor_id", "users", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_disclosures")),
    )
    with op.batch_alter_table("disclosures", schema=None) as batch_op:
        batch_op.create_index(
            batch_op.f("uq_disclosures_open"), ["student_id", "opportunity_id"], unique=True,
            sqlite_where=sa.text(OPEN), postgresql_where=sa.text(OPEN),
        )  # fmt: skip
        batch_op.create_index(batch_op.f("ix_disclosures_student_id"), ["student_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disclosures_company_id"), ["company_id"], unique=False)
        batch_op.create_index(batch_op.f("ix_disclosures_opportunity_id"), ["opportunity_id"], unique=False)


def downgrade() -> None:
    op.drop_table("disclosures")
    connection = op.get_bind()
    with op.batch_alter_table("companies", schema=None) as batch_op:
        batch_op.add_column(sa.Column("is_approved", sa.Boolean(), nullable=False, server_default=sa.false()))
    companies = _table("companies", "is_approved", "approved_at")
    connection.execute(companies.update().values(is_approved=companies.c.approved_at.is_not(None)))
    with op.batch_alter_table("companies", schema=None) as batch_op:
        batch_op.alter_column("is_approved", existing_type=sa.Boolean(), server_default=None)
        batch_op.drop_index(batch_op.f("ix_companies_waiting"))
        for name in ("approved_pair", "rejected_triple", "one_answer"):
            batch_op.drop_constraint(batch_op.f(f"ck_companies_{name}"), type_="check")
        batch_op.drop_constraint(batch_op.f("fk_companies_territory_id_territories"), type_="foreignkey")
        for name in (
            "territory_id", "submitted_at", "answer_due_on", "approved_at", "approved_by", "rejected_at",
            "rejected_by", "rejection_reason",
        ):  # fmt: skip
            batch_op.drop_column(name)
    # What the tables before could not hold.
    for table in ("memberships", "api_keys"):
        old = _table(table, "role")
        connection.execute(old.delete().where(old.c.role == "training_body"))
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_memberships_territory_id"))
        batch_op.drop_constraint(batch_op.f("uq_memberships_user_id_territory_id"), type_="unique")
        batch_op.drop_constraint(batch_op.f("ck_memberships_bound_to_role"), type_="check")
        batch_op.drop_constraint(batch_op.f("ck_memberships_role"), type_="check")
    with op.batch_alter_table("api_keys", schema=None) as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_api_keys_role"), type_="check")
    for table in ("memberships", "api_keys"):
        with op.batch_alter_table(table, schema=None) as batch_op:
            batch_op.drop_constraint(batch_op.f(f"fk_{table}_territory_id_territories"), type_="foreignkey")
            batch_op.drop_column("territory_id")
            batch_op.create_check_constraint(batch_op.f(f"ck_{table}_role"), _among("role", ROLES))
    with op.batch_alter_table("memberships", schema=None) as batch_op:
        batch_op.create_check_constraint(batch_op.f("ck_memberships_bound_to_role"), BOUND)
    op.drop_table("territory_provinces")
    op.drop_table("territories")


def _table(name: str, *columns: str) -> sa.TableClause:
    kinds: dict[str, Any] = {"id": sa.Uuid(), "territory_id": sa.Uuid(), "is_approved": sa.Boolean()}
    times = ("submitted_at", "approved_at")
    return sa.table(
        name,
        *(sa.column(one, sa.DateTime(timezone=True) if one in times else kinds.get(one)) for one in columns),
    )


def _has_coordinators(connection: sa.Connection, table: sa.TableClause) -> bool:
    found = sa.select(sa.literal(1)).select_from(table).where(table.c.role == "coordinator").limit(1)
    return connection.scalar(found) is not None


def _among(column: str, values: tuple[str, ...]) -> str:
    return f"{column} IN ({', '.join(repr(value) for value in values)})"
