"""Create places, skills and programmes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "municipalities",
        sa.Column("istat", sa.String(length=6), nullable=False),
        sa.Column("cadastral", sa.String(length=4), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("other_name", sa.String(length=100), nullable=True),
        sa.Column("province_code", sa.String(length=2), nullable=False),
        sa.Column("province_name", sa.String(length=60), nullable=False),
        sa.Column("region_code", sa.String(length=2), nullable=False),
        sa.Column("region_name", sa.String(length=60), nullable=False),
        sa.Column("caps", sa.Text(), nullable=False),
        sa.Column("latitude", sa.Double(), nullable=False),
        sa.Column("longitude", sa.Double(), nullable=False),
        sa.Column("coordinate_source", sa.String(length=20), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("istat", name=op.f("pk_municipalities")),
        sa.UniqueConstraint("cadastral", name=op.f("uq_municipalities_cadastral")),
    )
    with op.batch_alter_table("municipalities", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_municipalities_province_code"), ["province_code"], unique=False)

    op.create_table(
        "occupations",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("esco_uri", sa.String(length=200), nullable=False),
        sa.Column("isco_group", sa.String(length=10), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("is_group", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_occupations")),
        sa.UniqueConstraint("esco_uri", name=op.f("uq_occupations_esco_uri")),
    )
    op.create_table(
        "programmes",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=True),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sector", sa.String(length=40), nullable=False),
        sa.Column("areas", sa.String(length=200), nullable=False),
        sa.Column("title_it", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("broader_id", sa.String(length=80), nullable=True),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("eqf", sa.Integer(), nullable=True),
        sa.CheckConstraint("first_year <= last_year", name=op.f("ck_programmes_years_in_order")),
        of("programmes", "broader_id", "programmes", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_programmes")),
    )
    with op.batch_alter_table("programmes", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_programmes_broader_id"), ["broader_id"], unique=False)

    op.create_table(
        "skills",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("scheme", sa.String(length=10), nullable=False),
        sa.Column("kind", among("skillkind", "knowledge", "skill", "tool", "transversal"), nullable=False),
        sa.Column("broader_id", sa.String(length=80), nullable=True),
        sa.Column("esco_uri", sa.String(length=200), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        of("skills", "broader_id", "skills", on_delete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_skills")),
        sa.UniqueConstraint("esco_uri", name=op.f("uq_skills_esco_uri")),
    )
    with op.batch_alter_table("skills", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_skills_broader_id"), ["broader_id"], unique=False)

    op.create_table(
        "municipality_names",
        sa.Column("key", sa.String(length=100), nullable=False),
        sa.Column("istat", sa.String(length=6), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.ForeignKeyConstraint(
            ["istat"],
            ["municipalities.istat"],
            name=op.f("fk_municipality_names_istat_municipalities"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("key", "istat", name=op.f("pk_municipality_names")),
    )
    with op.batch_alter_table("municipality_names", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_municipality_names_istat"), ["istat"], unique=False)

    op.create_table(
        "occupation_labels",
        sa.Column("occupation_id", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=300), nullable=False),
        sa.Column("search_key", sa.String(length=300), nullable=False),
        sa.Column("description", sa.Text(), nullable=True),
        of("occupation_labels", "occupation_id", "occupations", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("occupation_id", "language", "rank", name=op.f("pk_occupation_labels")),
    )
    op.create_table(
        "programme_skills",
        sa.Column("programme_id", sa.String(length=80), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("skill_id", sa.String(length=80), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 4", name=op.f("ck_programme_skills_level")),
        of("programme_skills", "programme_id", "programmes", on_delete="CASCADE"),
        of("programme_skills", "skill_id", "skills", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("programme_id", "year", "skill_id", name=op.f("pk_programme_skills")),
    )
    with op.batch_alter_table("programme_skills", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_programme_skills_skill_id"), ["skill_id"], unique=False)

    op.create_table(
        "programme_versions",
        sa.Column("programme_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("title_it", sa.String(length=200), nullable=False),
        sa.Column("title_en", sa.String(length=200), nullable=False),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("source", sa.String(length=300), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "valid_to IS NULL OR valid_from <= valid_to",
            name=op.f("ck_programme_versions_validity_in_order"),
        ),
        of("programme_versions", "programme_id", "programmes", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("programme_id", "version", name=op.f("pk_programme_versions")),
    )
    op.create_table(
        "skill_descriptions",
        sa.Column("skill_id", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        of("skill_descriptions", "skill_id", "skills", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("skill_id", "language", name=op.f("pk_skill_descriptions")),
    )
    op.create_table(
        "skill_labels",
        sa.Column("skill_id", sa.String(length=80), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("rank", sa.Integer(), nullable=False),
        sa.Column("label", sa.String(length=200), nullable=False),
        sa.Column("search_key", sa.String(length=200), nullable=False),
        of("skill_labels", "skill_id", "skills", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("skill_id", "language", "rank", name=op.f("pk_skill_labels")),
    )
    with op.batch_alter_table("skill_labels", schema=None) as batch_op:
        batch_op.create_index("ix_skill_labels_search", ["language", "search_key"], unique=False)

    op.create_table(
        "skill_relations",
        sa.Column("skill_id", sa.String(length=80), nullable=False),
        sa.Column("related_id", sa.String(length=80), nullable=False),
        sa.CheckConstraint("skill_id < related_id", name=op.f("ck_skill_relations_ordered")),
        of("skill_relations", "related_id", "skills", on_delete="CASCADE"),
        of("skill_relations", "skill_id", "skills", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("skill_id", "related_id", name=op.f("pk_skill_relations")),
    )
    with op.batch_alter_table("skill_relations", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_skill_relations_related_id"), ["related_id"], unique=False)

    op.create_table(
        "study_paths",
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("first_year", sa.Integer(), nullable=False),
        sa.Column("last_year", sa.Integer(), nullable=False),
        sa.Column("programme_id", sa.String(length=80), nullable=True),
        sa.Column("unmapped_reason", sa.String(length=300), nullable=True),
        of("study_paths", "programme_id", "programmes", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("name", "first_year", name=op.f("pk_study_paths")),
    )
    with op.batch_alter_table("study_paths", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_study_paths_programme_id"), ["programme_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("study_paths", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_study_paths_programme_id"))

    op.drop_table("study_paths")
    with op.batch_alter_table("skill_relations", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_skill_relations_related_id"))

    op.drop_table("skill_relations")
    with op.batch_alter_table("skill_labels", schema=None) as batch_op:
        batch_op.drop_index("ix_skill_labels_search")

    op.drop_table("skill_labels")
    op.drop_table("skill_descriptions")
    op.drop_table("programme_versions")
    with op.batch_alter_table("programme_skills", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_programme_skills_skill_id"))

    op.drop_table("programme_skills")
    op.drop_table("occupation_labels")
    with op.batch_alter_table("municipality_names", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_municipality_names_istat"))

    op.drop_table("municipality_names")
    with op.batch_alter_table("skills", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_skills_broader_id"))

    op.drop_table("skills")
    with op.batch_alter_table("programmes", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_programmes_broader_id"))

    op.drop_table("programmes")
    op.drop_table("occupations")
    with op.batch_alter_table("municipalities", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_municipalities_province_code"))

    op.drop_table("municipalities")
