"""Create schools, classes and companies."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "companies",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("search_key", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            among("companykind", "firm", "lab", "training_body", "public_body", "association"),
            nullable=False,
        ),
        sa.Column("size", among("sizeband", "micro", "small", "medium", "large"), nullable=True),
        sa.Column("description", sa.String(length=4000), nullable=False),
        sa.Column("website", sa.String(length=200), nullable=True),
        sa.Column("tax_code", sa.String(length=16), nullable=True),
        sa.Column("district", sa.String(length=80), nullable=True),
        sa.Column("is_approved", sa.Boolean(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=True),
        sa.Column("external_id", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_companies")),
        sa.UniqueConstraint("source", "external_id", name=op.f("uq_companies_source_external_id")),
        sa.UniqueConstraint("tax_code", name=op.f("uq_companies_tax_code")),
    )
    with op.batch_alter_table("companies", schema=None) as batch_op:
        batch_op.create_index("ix_companies_search_key_id", ["search_key", "id"], unique=False)

    op.create_table(
        "company_contacts",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("job", sa.String(length=120), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("phone", sa.String(length=30), nullable=True),
        of("company_contacts", "company_id", "companies", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_contacts")),
    )
    with op.batch_alter_table("company_contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_company_contacts_company_id"), ["company_id"], unique=False)

    op.create_table(
        "company_sectors",
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("ateco_code", sa.String(length=8), nullable=False),
        sa.Column("ateco_edition", sa.String(length=4), nullable=False),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        sa.CheckConstraint("ateco_edition IN ('2007', '2025')", name=op.f("ck_company_sectors_edition")),
        of("company_sectors", "company_id", "companies", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("company_id", "ateco_code", "ateco_edition", name=op.f("pk_company_sectors")),
    )
    op.create_table(
        "company_sites",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("company_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("municipality_istat", sa.String(length=6), nullable=False),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("is_main", sa.Boolean(), nullable=False),
        of("company_sites", "company_id", "companies", on_delete="CASCADE"),
        sa.ForeignKeyConstraint(
            ["municipality_istat"],
            ["municipalities.istat"],
            name=op.f("fk_company_sites_municipality_istat_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_company_sites")),
    )
    with op.batch_alter_table("company_sites", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_company_sites_company_id"), ["company_id"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_company_sites_municipality_istat"), ["municipality_istat"], unique=False
        )

    op.create_table(
        "schools",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("code", sa.String(length=10), nullable=False),
        sa.Column("institute_code", sa.String(length=10), nullable=True),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column(
            "kind",
            among("schoolkind", "technical", "vocational", "liceo", "iefp", "its", "other"),
            nullable=False,
        ),
        sa.Column("municipality_istat", sa.String(length=6), nullable=True),
        sa.Column("address", sa.String(length=200), nullable=True),
        sa.Column("cap", sa.String(length=5), nullable=True),
        sa.Column("email", sa.String(length=254), nullable=True),
        sa.Column("website", sa.String(length=200), nullable=True),
        sa.Column("is_state", sa.Boolean(), nullable=True),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["municipality_istat"],
            ["municipalities.istat"],
            name=op.f("fk_schools_municipality_istat_municipalities"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_schools")),
        sa.UniqueConstraint("code", name=op.f("uq_schools_code")),
    )
    with op.batch_alter_table("schools", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_schools_institute_code"), ["institute_code"], unique=False)
        batch_op.create_index(
            batch_op.f("ix_schools_municipality_istat"), ["municipality_istat"], unique=False
        )

    op.create_table(
        "classes",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("start_year", sa.Integer(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("section", sa.String(length=40), nullable=False),
        sa.Column("study_path", sa.String(length=200), nullable=False),
        sa.Column("programme_id", sa.String(length=80), nullable=True),
        sa.Column("subjects", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("start_year BETWEEN 2000 AND 2100", name=op.f("ck_classes_start_year")),
        sa.CheckConstraint("year BETWEEN 1 AND 6", name=op.f("ck_classes_year")),
        of("classes", "programme_id", "programmes"),
        of("classes", "school_id", "schools", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_classes")),
        sa.UniqueConstraint(
            "school_id",
            "start_year",
            "year",
            "section",
            "study_path",
            name=op.f("uq_classes_school_id_start_year_year_section_study_path"),
        ),
    )
    with op.batch_alter_table("classes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_classes_programme_id"), ["programme_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("classes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_classes_programme_id"))

    op.drop_table("classes")
    with op.batch_alter_table("schools", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_schools_municipality_istat"))
        batch_op.drop_index(batch_op.f("ix_schools_institute_code"))

    op.drop_table("schools")
    with op.batch_alter_table("company_sites", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_sites_municipality_istat"))
        batch_op.drop_index(batch_op.f("ix_company_sites_company_id"))

    op.drop_table("company_sites")
    op.drop_table("company_sectors")
    with op.batch_alter_table("company_contacts", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_company_contacts_company_id"))

    op.drop_table("company_contacts")
    with op.batch_alter_table("companies", schema=None) as batch_op:
        batch_op.drop_index("ix_companies_search_key_id")

    op.drop_table("companies")
