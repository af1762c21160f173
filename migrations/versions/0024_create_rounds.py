"""Rounds: classes wish, runs propose, people pin and publish; companies put candidates in order."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0024"
down_revision = "0023"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rounds",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=True),
        sa.Column("territory_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kinds", sa.String(length=40), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("opens_on", sa.Date(), nullable=False),
        sa.Column("closes_on", sa.Date(), nullable=False),
        sa.Column("publish_by", sa.Date(), nullable=False),
        sa.Column("max_wishes", sa.Integer(), nullable=False),
        sa.Column("is_wishes_only", sa.Boolean(), nullable=False),
        sa.Column(
            "state",
            among("roundstate", "collecting", "frozen", "reviewed", "published", "cancelled"),
            nullable=False,
        ),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("run_number", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.Column("frozen_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("frozen_by", sa.String(length=80), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(ended_at IS NULL) = (ended_by IS NULL) AND (ended_at IS NULL) = (state <> 'cancelled')",
            name=op.f("ck_rounds_ended_pair"),
        ),
        sa.CheckConstraint(
            "(state IN ('collecting', 'frozen', 'reviewed')) = (due_at IS NOT NULL)",
            name=op.f("ck_rounds_waiting_has_clock"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('reviewed', 'published') OR run_number IS NOT NULL",
            name=op.f("ck_rounds_reviewed_run"),
        ),
        sa.CheckConstraint("(frozen_at IS NULL) = (frozen_by IS NULL)", name=op.f("ck_rounds_frozen_pair")),
        sa.CheckConstraint("(school_id IS NULL) <> (territory_id IS NULL)", name=op.f("ck_rounds_one_owner")),
        sa.CheckConstraint("max_wishes BETWEEN 1 AND 10", name=op.f("ck_rounds_max_wishes")),
        sa.CheckConstraint(
            "opens_on <= closes_on AND closes_on < publish_by", name=op.f("ck_rounds_clocks_in_order")
        ),
        sa.CheckConstraint("starts_on <= ends_on", name=op.f("ck_rounds_days_in_order")),
        of("rounds", "school_id", "schools"),
        of("rounds", "territory_id", "territories"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rounds")),
    )
    op.create_index("ix_rounds_created_at_id", "rounds", ["created_at", "id"])
    op.create_index(
        "ix_rounds_due_at",
        "rounds",
        ["due_at"],
        sqlite_where=sa.text("state IN ('collecting', 'frozen', 'reviewed')"),
        postgresql_where=sa.text("state IN ('collecting', 'frozen', 'reviewed')"),
    )
    op.create_index(op.f("ix_rounds_school_id"), "rounds", ["school_id"])
    op.create_index(op.f("ix_rounds_territory_id"), "rounds", ["territory_id"])
    op.create_table(
        "round_runs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("mode", among("runmode", "stable", "optimal"), nullable=False),
        sa.Column("near_number", sa.Integer(), nullable=True),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("is_wishes_only", sa.Boolean(), nullable=False),
        sa.Column("algorithm", sa.String(length=40), nullable=False),
        sa.Column("weights", sa.JSON(), nullable=False),
        sa.Column("ranked_on", sa.Date(), nullable=False),
        sa.Column("offers", sa.JSON(), nullable=False),
        sa.Column("fingerprint", sa.String(length=32), nullable=False),
        sa.Column("report", sa.JSON(), nullable=False),
        sa.Column("students", sa.Integer(), nullable=False),
        sa.Column("placed", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("created_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("number >= 1", name=op.f("ck_round_runs_number")),
        sa.CheckConstraint("placed BETWEEN 0 AND students", name=op.f("ck_round_runs_placed")),
        of("round_runs", "round_id", "rounds", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_runs")),
        sa.UniqueConstraint("round_id", "number", name=op.f("uq_round_runs_round_id_number")),
    )
    op.create_table(
        "round_schools",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("joined_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("joined_by", sa.String(length=80), nullable=False),
        of("round_schools", "round_id", "rounds", on_delete="CASCADE"),
        of("round_schools", "school_id", "schools"),
        sa.PrimaryKeyConstraint("round_id", "school_id", name=op.f("pk_round_schools")),
    )
    op.create_index(op.f("ix_round_schools_school_id"), "round_schools", ["school_id"])
    op.create_table(
        "company_ranks",
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("ranked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ranked_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_company_ranks_position")),
        of("company_ranks", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("company_ranks", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("opportunity_id", "student_id", name=op.f("pk_company_ranks")),
        sa.UniqueConstraint(
            "opportunity_id", "position", name=op.f("uq_company_ranks_opportunity_id_position")
        ),
    )
    op.create_index(op.f("ix_company_ranks_student_id"), "company_ranks", ["student_id"])
    op.create_table(
        "round_classes",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("school_id", sa.Uuid(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_by", sa.String(length=80), nullable=True),
        sa.Column("published_run", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "(published_at IS NULL) = (published_by IS NULL) AND (published_at IS NULL) = (published_run IS NULL)",
            name=op.f("ck_round_classes_published_whole"),
        ),
        of("round_classes", "class_id", "classes"),
        sa.ForeignKeyConstraint(
            ["round_id", "school_id"],
            ["round_schools.round_id", "round_schools.school_id"],
            name=op.f("fk_round_classes_round_id_school_id_round_schools"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("round_id", "class_id", name=op.f("pk_round_classes")),
    )
    op.create_index(op.f("ix_round_classes_class_id"), "round_classes", ["class_id"])
    op.create_table(
        "round_pins",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.Column("ruling", among("ruling", "pin", "ban"), nullable=False),
        sa.Column("period", sa.Integer(), nullable=True),
        sa.Column("why", sa.String(length=200), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.CheckConstraint(
            "period IS NULL OR (period >= 0 AND ruling = 'pin')", name=op.f("ck_round_pins_period")
        ),
        of("round_pins", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("round_pins", "round_id", "rounds", on_delete="CASCADE"),
        of("round_pins", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_pins")),
        sa.UniqueConstraint(
            "round_id",
            "student_id",
            "opportunity_id",
            name=op.f("uq_round_pins_round_id_student_id_opportunity_id"),
        ),
    )
    op.create_index(op.f("ix_round_pins_opportunity_id"), "round_pins", ["opportunity_id"])
    op.create_index(op.f("ix_round_pins_student_id"), "round_pins", ["student_id"])
    op.create_index(
        "uq_round_pins_one_seat",
        "round_pins",
        ["round_id", "student_id"],
        unique=True,
        sqlite_where=sa.text("ruling = 'pin'"),
        postgresql_where=sa.text("ruling = 'pin'"),
    )
    op.create_table(
        "round_seats",
        sa.Column("run_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("class_id", sa.Uuid(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=True),
        sa.Column("period", sa.Integer(), nullable=True),
        sa.Column("wish", sa.Integer(), nullable=True),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("said", sa.JSON(), nullable=False),
        sa.Column("inputs", sa.JSON(), nullable=False),
        sa.Column("proposed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "opportunity_id IS NOT NULL OR (period IS NULL AND wish IS NULL)",
            name=op.f("ck_round_seats_seat"),
        ),
        sa.CheckConstraint(
            "proposed_at IS NULL OR opportunity_id IS NOT NULL", name=op.f("ck_round_seats_proposed_seat")
        ),
        of("round_seats", "class_id", "classes"),
        of("round_seats", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("round_seats", "run_id", "round_runs", on_delete="CASCADE"),
        of("round_seats", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("run_id", "student_id", name=op.f("pk_round_seats")),
    )
    op.create_index(op.f("ix_round_seats_opportunity_id"), "round_seats", ["opportunity_id"])
    op.create_index("ix_round_seats_run_id_class_id", "round_seats", ["run_id", "class_id"])
    op.create_index(op.f("ix_round_seats_student_id"), "round_seats", ["student_id"])
    op.create_table(
        "round_wishes",
        sa.Column("round_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("opportunity_id", sa.Uuid(), nullable=False),
        sa.CheckConstraint("position >= 1", name=op.f("ck_round_wishes_position")),
        of("round_wishes", "opportunity_id", "opportunities", on_delete="CASCADE"),
        of("round_wishes", "round_id", "rounds", on_delete="CASCADE"),
        of("round_wishes", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("round_id", "student_id", "position", name=op.f("pk_round_wishes")),
        sa.UniqueConstraint(
            "round_id",
            "student_id",
            "opportunity_id",
            name=op.f("uq_round_wishes_round_id_student_id_opportunity_id"),
        ),
    )
    op.create_index(op.f("ix_round_wishes_opportunity_id"), "round_wishes", ["opportunity_id"])
    op.create_index(op.f("ix_round_wishes_student_id"), "round_wishes", ["student_id"])


def downgrade() -> None:
    op.drop_table("round_wishes")
    op.drop_table("round_seats")
    op.drop_table("round_pins")
    op.drop_table("round_classes")
    op.drop_table("company_ranks")
    op.drop_table("round_schools")
    op.drop_table("round_runs")
    op.drop_table("rounds")
