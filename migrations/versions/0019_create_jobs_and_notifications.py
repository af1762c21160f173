"""Create jobs, notifications and the choice of their mails; companies choose whether everybody reads about them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

_IS_OPEN = sa.text("state IN ('queued', 'running')")
_WAITS = sa.text("mail_due_at IS NOT NULL")


def _text_enum(name: str, *values: str) -> sa.Enum:
    return among(name, *values)


def upgrade() -> None:
    moment = sa.DateTime(timezone=True)
    op.create_table(
        "jobs",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column(
            "state",
            _text_enum("jobstate", "queued", "running", "done", "failed", "cancelled"),
            nullable=False,
        ),
        sa.Column("arguments", sa.JSON(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=True),
        sa.Column("result", sa.JSON(), nullable=True),
        sa.Column("problem", sa.String(80), nullable=True),
        sa.Column("started_by", sa.String(80), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("started_at", moment, nullable=True),
        sa.Column("finished_at", moment, nullable=True),
        sa.Column("cancel_asked_at", moment, nullable=True),
        sa.Column("claimed_until", moment, nullable=True),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.CheckConstraint("done >= 0 AND (total IS NULL OR done <= total)", name=op.f("ck_jobs_progress")),
        sa.CheckConstraint(
            "(finished_at IS NULL) = (state IN ('queued', 'running'))",
            name=op.f("ck_jobs_finished_in_the_end"),
        ),
        sa.CheckConstraint(
            "(problem IS NULL) = (state <> 'failed')", name=op.f("ck_jobs_failed_with_a_problem")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_jobs")),
    )
    op.create_index(
        "ix_jobs_open", "jobs", ["created_at", "id"], sqlite_where=_IS_OPEN, postgresql_where=_IS_OPEN
    )
    op.create_index("ix_jobs_started_by_created_at", "jobs", ["started_by", "created_at", "id"])
    op.create_table(
        "notifications",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("subject_key", sa.String(80), nullable=False),
        sa.Column("data", sa.JSON(), nullable=False),
        sa.Column("path", sa.String(200), nullable=False),
        sa.Column("created_at", moment, nullable=False),
        sa.Column("read_at", moment, nullable=True),
        sa.Column("mail_due_at", moment, nullable=True),
        of("notifications", "user_id", "users", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notifications")),
        sa.UniqueConstraint(
            "user_id", "kind", "subject_key", name=op.f("uq_notifications_user_id_kind_subject_key")
        ),
    )
    op.create_index("ix_notifications_user_id_created_at", "notifications", ["user_id", "created_at", "id"])
    op.create_index(
        "ix_notifications_mail_due_at",
        "notifications",
        ["mail_due_at"],
        sqlite_where=_WAITS,
        postgresql_where=_WAITS,
    )
    op.create_table(
        "mail_preferences",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(40), nullable=False),
        sa.Column("mail", _text_enum("mailchoice", "at_once", "daily", "never"), nullable=False),
        of("mail_preferences", "user_id", "users", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "kind", name=op.f("pk_mail_preferences")),
    )
    with op.batch_alter_table("companies") as table:
        table.add_column(sa.Column("is_public", sa.Boolean(), nullable=False, server_default=sa.false()))


def downgrade() -> None:
    with op.batch_alter_table("companies") as table:
        table.drop_column("is_public")
    op.drop_table("mail_preferences")
    op.drop_table("notifications")
    op.drop_table("jobs")
