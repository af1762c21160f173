"""Hours of placements, ledgers, diaries and evaluations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hour_credits",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("kind", among("creditkind", "visit", "training", "safety", "project"), nullable=False),
        sa.Column("title", sa.String(length=160), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("hours", sa.Integer(), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("hours BETWEEN 1 AND 400", name=op.f("ck_hour_credits_hours")),
        of("hour_credits", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hour_credits")),
        sa.UniqueConstraint(
            "student_id",
            "kind",
            "title",
            "held_on",
            name=op.f("uq_hour_credits_student_id_kind_title_held_on"),
        ),
    )
    op.create_table(
        "hour_ledgers",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("opening_minutes", sa.Integer(), nullable=False),
        sa.Column("counted_minutes", sa.Integer(), nullable=False),
        sa.CheckConstraint("counted_minutes >= 0", name=op.f("ck_hour_ledgers_counted_minutes")),
        sa.CheckConstraint("opening_minutes >= 0", name=op.f("ck_hour_ledgers_opening_minutes")),
        of("hour_ledgers", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("student_id", name=op.f("pk_hour_ledgers")),
    )
    op.create_table(
        "diary_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("written_on", sa.Date(), nullable=False),
        sa.Column("did", sa.String(length=300), nullable=False),
        sa.Column("learnt", sa.String(length=300), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        of("diary_entries", "placement_id", "placements", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_diary_entries")),
        sa.UniqueConstraint(
            "placement_id", "written_on", name=op.f("uq_diary_entries_placement_id_written_on")
        ),
    )
    op.create_table(
        "evaluations",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("party", among("party", "student", "company", "school", "service"), nullable=False),
        sa.Column("words", sa.String(length=1000), nullable=False),
        sa.Column("would_repeat", sa.Boolean(), nullable=False),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("given_by", sa.String(length=80), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("confirmed_by", sa.String(length=80), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "confirmed_at IS NULL OR party = 'company'", name=op.f("ck_evaluations_host_is_confirmed")
        ),
        sa.CheckConstraint("party <> 'service'", name=op.f("ck_evaluations_party_of_three")),
        sa.CheckConstraint(
            "(confirmed_at IS NULL) = (confirmed_by IS NULL)", name=op.f("ck_evaluations_confirmed_pair")
        ),
        of("evaluations", "placement_id", "placements", on_delete="CASCADE"),
        of("evaluations", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evaluations")),
        sa.UniqueConstraint("placement_id", "party", name=op.f("uq_evaluations_placement_id_party")),
    )
    op.create_index(op.f("ix_evaluations_student_id"), "evaluations", ["student_id"], unique=False)
    op.create_table(
        "hour_entries",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("worked_on", sa.Date(), nullable=False),
        sa.Column("state", among("entrystate", "noted", "confirmed", "disputed"), nullable=False),
        sa.Column("student_minutes", sa.Integer(), nullable=True),
        sa.Column("host_minutes", sa.Integer(), nullable=True),
        sa.Column("school_minutes", sa.Integer(), nullable=True),
        sa.Column("arrived_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("left_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_by", sa.String(length=80), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "state = CASE WHEN school_minutes IS NOT NULL THEN 'confirmed' WHEN host_minutes IS NULL THEN 'noted' WHEN student_minutes IS NULL OR student_minutes = host_minutes THEN 'confirmed' ELSE 'disputed' END",
            name=op.f("ck_hour_entries_state_of_voices"),
        ),
        sa.CheckConstraint(
            "coalesce(student_minutes, host_minutes, school_minutes) IS NOT NULL OR arrived_at IS NOT NULL",
            name=op.f("ck_hour_entries_says_something"),
        ),
        sa.CheckConstraint("host_minutes BETWEEN 0 AND 1440", name=op.f("ck_hour_entries_host_minutes")),
        sa.CheckConstraint(
            "left_at IS NULL OR left_at >= arrived_at", name=op.f("ck_hour_entries_times_in_order")
        ),
        sa.CheckConstraint("school_minutes BETWEEN 0 AND 1440", name=op.f("ck_hour_entries_school_minutes")),
        sa.CheckConstraint(
            "student_minutes BETWEEN 0 AND 1440", name=op.f("ck_hour_entries_student_minutes")
        ),
        of("hour_entries", "placement_id", "placements", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hour_entries")),
        sa.UniqueConstraint("placement_id", "worked_on", name=op.f("uq_hour_entries_placement_id_worked_on")),
    )
    op.create_table(
        "evaluation_marks",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column(
            "criterion",
            among(
                "criterion",
                "reliability",
                "initiative",
                "collaboration",
                "care",
                "welcome",
                "tasks",
                "help",
                "learning",
                "safety",
                "plan_kept",
                "progress",
                "host_fits",
            ),
            nullable=False,
        ),
        sa.Column("mark", sa.Integer(), nullable=False),
        sa.CheckConstraint("mark BETWEEN 1 AND 4", name=op.f("ck_evaluation_marks_mark")),
        of("evaluation_marks", "evaluation_id", "evaluations", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("evaluation_id", "criterion", name=op.f("pk_evaluation_marks")),
    )
    op.create_table(
        "evaluation_skills",
        sa.Column("evaluation_id", sa.Uuid(), nullable=False),
        sa.Column("skill_id", sa.String(length=80), nullable=False),
        sa.Column("level", sa.Integer(), nullable=False),
        sa.CheckConstraint("level BETWEEN 1 AND 4", name=op.f("ck_evaluation_skills_level")),
        of("evaluation_skills", "evaluation_id", "evaluations", on_delete="CASCADE"),
        of("evaluation_skills", "skill_id", "skills"),
        sa.PrimaryKeyConstraint("evaluation_id", "skill_id", name=op.f("pk_evaluation_skills")),
    )
    op.create_index(op.f("ix_evaluation_skills_skill_id"), "evaluation_skills", ["skill_id"], unique=False)


def downgrade() -> None:
    op.drop_table("evaluation_skills")
    op.drop_table("evaluation_marks")
    op.drop_table("hour_entries")
    op.drop_table("evaluations")
    op.drop_table("diary_entries")
    op.drop_table("hour_ledgers")
    op.drop_table("hour_credits")
