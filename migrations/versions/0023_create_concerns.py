"""Concerns: the red button, what is written about each problem, and families' codes; roll-overs can be undone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None

KINDS = ("skills_validated", "recommended", "students_loaded")


def upgrade() -> None:
    _allow((*KINDS, "rolled_over"))
    op.create_table(
        "family_codes",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        of("family_codes", "made_by", "users", on_delete="SET NULL"),
        of("family_codes", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("student_id", name=op.f("pk_family_codes")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_family_codes_code_hash")),
    )
    op.create_table(
        "concerns",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("placement_id", sa.Uuid(), nullable=False),
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind", among("concernkind", "safety", "tasks", "hours", "behaviour", "other"), nullable=False
        ),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("skips_tutor", sa.Boolean(), nullable=False),
        sa.Column(
            "raised_side",
            among("side", "student", "family", "school", "territory", "service"),
            nullable=False,
        ),
        sa.Column("raised_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("stage", among("stage", "tutor", "lead", "territory", "service", "closed"), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("territory_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("named_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("named_by", sa.String(length=80), nullable=True),
        sa.Column("named_for", sa.String(length=500), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("close_reason", sa.String(length=500), nullable=True),
        sa.CheckConstraint(
            "(stage <> 'closed') = (closed_at IS NULL) AND (closed_at IS NULL) = (closed_by IS NULL)",
            name=op.f("ck_concerns_closed_whole"),
        ),
        sa.CheckConstraint(
            "(stage <> 'closed') = (due_at IS NOT NULL)", name=op.f("ck_concerns_open_has_clock")
        ),
        sa.CheckConstraint(
            "raised_side IN ('student', 'family')", name=op.f("ck_concerns_raised_side_reports")
        ),
        sa.CheckConstraint("stage <> 'tutor' OR NOT skips_tutor", name=op.f("ck_concerns_tutor_skipped")),
        sa.CheckConstraint(
            "(named_at IS NULL) = (named_by IS NULL) AND (named_at IS NULL) = (named_for IS NULL)",
            name=op.f("ck_concerns_named_whole"),
        ),
        of("concerns", "placement_id", "placements", on_delete="CASCADE"),
        of("concerns", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concerns")),
    )
    op.create_index(
        "ix_concerns_due_at",
        "concerns",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("stage <> 'closed'"),
        postgresql_where=sa.text("stage <> 'closed'"),
    )
    op.create_index(op.f("ix_concerns_placement_id"), "concerns", ["placement_id"], unique=False)
    op.create_index("ix_concerns_raised_at_id", "concerns", ["raised_at", "id"], unique=False)
    op.create_index(op.f("ix_concerns_student_id"), "concerns", ["student_id"], unique=False)
    op.create_table(
        "concern_messages",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("concern_id", sa.Uuid(), nullable=False),
        sa.Column(
            "side", among("side", "student", "family", "school", "territory", "service"), nullable=False
        ),
        sa.Column("text", sa.String(length=2000), nullable=False),
        sa.Column("written_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("written_by", sa.String(length=80), nullable=False),
        of("concern_messages", "concern_id", "concerns", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_concern_messages")),
    )
    op.create_index(op.f("ix_concern_messages_concern_id"), "concern_messages", ["concern_id"], unique=False)


def downgrade() -> None:
    op.drop_table("concern_messages")
    op.drop_table("concerns")
    op.drop_table("family_codes")
    op.execute(
        "DELETE FROM bulk_steps WHERE bulk_change_id IN (SELECT id FROM bulk_changes WHERE kind = 'rolled_over')"
    )
    op.execute("DELETE FROM bulk_changes WHERE kind = 'rolled_over'")
    _allow(KINDS)


def _allow(kinds: tuple[str, ...]) -> None:
    with op.batch_alter_table("bulk_changes") as batch_op:
        batch_op.drop_constraint(batch_op.f("ck_bulk_changes_bulkkind"), type_="check")
        batch_op.create_check_constraint(batch_op.f("ck_bulk_changes_bulkkind"), f"kind IN {kinds}")
