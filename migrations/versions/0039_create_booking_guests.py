"""Sessions that are open to guests, and bookings of people without an account and without a school."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from migrations.columns import among, of

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

PEOPLE = "people > adults AND adults >= 0"
PEOPLE_WITH_GUESTS = (
    "adults >= 0 AND ((kind = 'guest' AND people = adults) OR (kind <> 'guest' AND people > adults))"
)
OF_NO_SCHOOL = "(kind = 'guest') = (school_id IS NULL) AND (school_id IS NULL) = (class_id IS NULL)"


def upgrade() -> None:
    op.add_column(
        "visit_sessions",
        sa.Column("is_open_to_guests", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _change(("single", "group", "guest"), PEOPLE_WITH_GUESTS, is_nullable=True)
    op.create_table(
        "booking_guests",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("visit_session_id", sa.Uuid(), nullable=False),
        sa.Column("booking_id", sa.Uuid(), nullable=True),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("email", sa.String(length=254), nullable=False),
        sa.Column("language", sa.String(length=2), nullable=False),
        sa.Column("people", sa.Integer(), nullable=False),
        sa.Column("code_hash", sa.String(length=64), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("code_ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("confirmed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "news",
            among("guestnews", "booked", "waiting", "offered", "expired", "moved", "cancelled"),
            nullable=True,
        ),
        sa.CheckConstraint("people BETWEEN 1 AND 5", name=op.f("ck_booking_guests_people")),
        of("booking_guests", "booking_id", "bookings", on_delete="CASCADE"),
        of("booking_guests", "visit_session_id", "visit_sessions", on_delete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_booking_guests")),
        sa.UniqueConstraint("booking_id", name=op.f("uq_booking_guests_booking_id")),
        sa.UniqueConstraint("code_hash", name=op.f("uq_booking_guests_code_hash")),
        sa.UniqueConstraint(
            "visit_session_id", "email", name=op.f("uq_booking_guests_visit_session_id_email")
        ),
    )
    op.create_index(
        "ix_booking_guests_news", "booking_guests", ["id"], unique=False,
        sqlite_where=sa.text("news IS NOT NULL"), postgresql_where=sa.text("news IS NOT NULL"),
    )  # fmt: skip


def downgrade() -> None:
    op.drop_table("booking_guests")
    _give_back()
    # While SQLite makes tables anew, nothing goes with its parent.
    op.execute(
        "DELETE FROM booking_counts WHERE booking_id IN (SELECT id FROM bookings WHERE kind = 'guest')"
    )
    op.execute("DELETE FROM check_ins WHERE booking_id IN (SELECT id FROM bookings WHERE kind = 'guest')")
    op.execute("DELETE FROM bookings WHERE kind = 'guest'")
    _change(("single", "group"), PEOPLE, is_nullable=False)
    with op.batch_alter_table("visit_sessions") as table:
        table.drop_column("is_open_to_guests")


def _give_back() -> None:
    """The seats of guests, in quotas, sessions and events: the bookings that counted there go.

    Those of a session that is over or cancelled do not count in the event any more.
    """
    op.execute(
        "UPDATE quotas SET seats_taken = seats_taken - (SELECT coalesce(sum(c.seats), 0) FROM booking_counts c"
        " JOIN bookings b ON b.id = c.booking_id WHERE c.quota_id = quotas.id AND b.kind = 'guest')"
    )
    op.execute(
        "UPDATE opportunities SET seats_taken = seats_taken - (SELECT coalesce(sum(b.people), 0) FROM bookings b"
        " JOIN visit_sessions s ON s.id = b.visit_session_id WHERE s.opportunity_id = opportunities.id"
        " AND s.state = 'planned' AND b.kind = 'guest'"
        " AND b.state IN ('held', 'booked', 'offered', 'attended', 'absent'))"
    )
    op.execute(
        "UPDATE visit_sessions SET seats_taken = seats_taken - (SELECT coalesce(sum(b.people), 0) FROM bookings b"
        " WHERE b.visit_session_id = visit_sessions.id AND b.kind = 'guest'"
        " AND b.state IN ('held', 'booked', 'offered', 'attended', 'absent'))"
    )


def _change(kinds: tuple[str, ...], people: str, *, is_nullable: bool) -> None:
    """Let bookings be of these kinds, and of no school where they are of guests."""
    with op.batch_alter_table("bookings") as table:
        table.drop_constraint(op.f("ck_bookings_bookingkind"), type_="check")
        table.drop_constraint(op.f("ck_bookings_people"), type_="check")
        if not is_nullable:
            table.drop_constraint(op.f("ck_bookings_guest_of_no_school"), type_="check")
        table.alter_column("school_id", existing_type=sa.Uuid(), nullable=is_nullable)
        table.alter_column("class_id", existing_type=sa.Uuid(), nullable=is_nullable)
        table.create_check_constraint(
            op.f("ck_bookings_bookingkind"), f"kind IN ({', '.join(repr(one) for one in kinds)})"
        )
        table.create_check_constraint(op.f("ck_bookings_people"), people)
        if is_nullable:
            table.create_check_constraint(op.f("ck_bookings_guest_of_no_school"), OF_NO_SCHOOL)
