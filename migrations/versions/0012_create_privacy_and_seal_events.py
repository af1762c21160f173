"""Create what privacy needs, and let nobody change events."""

from __future__ import annotations

import hashlib
import secrets

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

_KIND = among("subjectkind", "student", "account")
_SEALS = {"object_salt": 32, "object_seal": 64, "actor_salt": 32, "actor_seal": 64}
_MOMENT = sa.DateTime(timezone=True)

# What must stay, and what may only go: ids go with their salts, request ids by themselves; the chain is written once.
_FIXED = ("id", "at", "action", "object_type", "actor_kind", "object_seal", "actor_seal")
_CHANGED = " OR ".join(
    [
        *(f"NEW.{name} IS DISTINCT FROM OLD.{name}" for name in _FIXED),
        "CAST(NEW.data AS TEXT) IS DISTINCT FROM CAST(OLD.data AS TEXT)",
        "(NEW.request_id <> '' AND NEW.request_id IS DISTINCT FROM OLD.request_id)",
        "(OLD.chain IS NOT NULL AND NEW.chain IS DISTINCT FROM OLD.chain)",
        (
            "(NEW.object_salt <> '' AND (NEW.object_id IS DISTINCT FROM OLD.object_id"
            " OR NEW.object_salt IS DISTINCT FROM OLD.object_salt))"
        ),
        (
            "(NEW.actor_salt <> '' AND (NEW.actor_id IS DISTINCT FROM OLD.actor_id"
            " OR NEW.actor_salt IS DISTINCT FROM OLD.actor_salt))"
        ),
    ]
)


def upgrade() -> None:
    op.add_column("students", sa.Column("is_ranked", sa.Boolean(), server_default=sa.true(), nullable=False))
    op.add_column("students", sa.Column("archived_at", _MOMENT, nullable=True))
    for name, length in _SEALS.items():
        op.add_column("events", sa.Column(name, sa.String(length), server_default="", nullable=False))
    op.add_column("events", sa.Column("chain", sa.String(64), nullable=True))
    _seal_present_events()
    op.create_table(
        "audit_days",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("sealed_at", _MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_audit_days")),
    )
    _guard()
    op.create_table(
        "looks",
        sa.Column("student_id", sa.Uuid(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("kind", sa.String(20), nullable=False),
        sa.Column("viewer_kind", sa.String(10), nullable=False),
        sa.Column("viewer_id", sa.Uuid(), nullable=False),
        sa.Column("about_id", sa.Uuid(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        of("looks", "student_id", "students", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint(
            "student_id", "day", "kind", "viewer_kind", "viewer_id", "about_id", name=op.f("pk_looks")
        ),
    )
    op.create_index(op.f("ix_looks_viewer_id"), "looks", ["viewer_id"])
    op.create_table(
        "erasures",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("subject_kind", _KIND, nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("asked_at", _MOMENT, nullable=False),
        sa.Column("due_at", _MOMENT, nullable=False),
        sa.Column("done_at", _MOMENT, nullable=True),
        sa.CheckConstraint("asked_at <= due_at", name=op.f("ck_erasures_in_order")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_erasures")),
        sa.UniqueConstraint("subject_kind", "subject_id", name=op.f("uq_erasures_subject_kind_subject_id")),
    )
    op.create_index(op.f("ix_erasures_due_at"), "erasures", ["due_at"])
    op.create_table(
        "tombstones",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", _KIND, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tombstones")),
    )
    op.create_table(
        "erased_counts",
        sa.Column("kind", _KIND, nullable=False),
        sa.Column("start_year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("programme_id", sa.String(80), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.CheckConstraint("number > 0", name=op.f("ck_erased_counts_number")),
        sa.PrimaryKeyConstraint("kind", "start_year", "programme_id", name=op.f("pk_erased_counts")),
    )
    op.create_table(
        "retention_warnings",
        sa.Column("subject_kind", _KIND, nullable=False),
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("rule", sa.String(40), nullable=False),
        sa.Column("warned_at", _MOMENT, nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("subject_kind", "subject_id", "rule", name=op.f("pk_retention_warnings")),
    )
    op.create_table(
        "notice_views",
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("notice", sa.String(40), nullable=False),
        sa.Column("version", sa.String(10), nullable=False),
        sa.Column("language", sa.String(2), nullable=False),
        sa.Column("seen_at", _MOMENT, nullable=False),
        of("notice_views", "user_id", "users", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("user_id", "notice", "version", name=op.f("pk_notice_views")),
    )


def _seal_present_events() -> None:
    events = sa.table(
        "events",
        *(sa.column(name) for name in ("id", "object_id", *_SEALS)),
        sa.column("actor_id", sa.Uuid()),
    )
    connection = op.get_bind()
    after = 0
    while rows := connection.execute(
        sa.select(events.c.id, events.c.object_id, events.c.actor_id)
        .where(events.c.id > after)
        .order_by(events.c.id)
        .limit(1000)
    ).all():
        after = rows[-1].id
        salts = [(secrets.token_hex(16), secrets.token_hex(16)) for _ in rows]
        connection.execute(
            sa.update(events)
            .where(events.c.id == sa.bindparam("of"))
            .values({name: sa.bindparam(f"new_{name}") for name in _SEALS}),
            [
                {
                    "of": row.id,
                    "new_object_salt": object_salt,
                    "new_object_seal": _seal(object_salt, row.object_id),
                    "new_actor_salt": actor_salt,
                    "new_actor_seal": _seal(actor_salt, str(row.actor_id)),
                }
                for row, (object_salt, actor_salt) in zip(rows, salts, strict=True)
            ],
        )


def _seal(salt: str, named: str) -> str:
    return hashlib.sha256(f"{salt}\n{named}".encode()).hexdigest()


def _guard() -> None:
    if op.get_bind().dialect.name == "sqlite":
        for name, when in _triggers():
            table, _, change = name.rpartition("_no_")
            stop = f"SELECT RAISE(ABORT, '{table} is append-only')"
            op.execute(f"CREATE TRIGGER {name} BEFORE {change.upper()} ON {table} {when} BEGIN {stop}; END")
        return
    op.execute(
        "CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '% is append-only', TG_TABLE_NAME; END $$"
    )
    for name, when in _triggers():
        table, _, change = name.rpartition("_no_")
        op.execute(
            f"CREATE TRIGGER {name} BEFORE {change.upper()} ON {table} FOR EACH ROW {when}"
            " EXECUTE FUNCTION refuse_change()"
        )
    for table in ("events", "audit_days"):
        op.execute(
            f"CREATE TRIGGER {table}_no_truncate BEFORE TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def _triggers() -> list[tuple[str, str]]:
    return [
        ("events_no_update", f"WHEN ({_CHANGED})"),
        ("events_no_delete", ""),
        ("audit_days_no_update", ""),
        ("audit_days_no_delete", ""),
    ]


def downgrade() -> None:
    for table in (
        "notice_views", "retention_warnings", "erased_counts", "tombstones", "erasures", "looks",
    ):  # fmt: skip
        op.drop_table(table)
    is_sqlite = op.get_bind().dialect.name == "sqlite"
    for name, _ in _triggers():
        table = name.rpartition("_no_")[0]
        op.execute(f"DROP TRIGGER {name}" + ("" if is_sqlite else f" ON {table}"))
    if not is_sqlite:
        for table in ("events", "audit_days"):
            op.execute(f"DROP TRIGGER {table}_no_truncate ON {table}")
        op.execute("DROP FUNCTION refuse_change()")
    op.drop_table("audit_days")
    with op.batch_alter_table("events", schema=None) as batch_op:
        for name in (*_SEALS, "chain"):
            batch_op.drop_column(name)
    with op.batch_alter_table("students", schema=None) as batch_op:
        batch_op.drop_column("archived_at")
        batch_op.drop_column("is_ranked")
