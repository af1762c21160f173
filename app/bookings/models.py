"""Sessions of visits, the quotas that overlap in them, and the bookings that count in these."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.db import Base, new_id, text_enum


class SessionState(StrEnum):
    """The life of a session: planned → held, or cancelled."""

    PLANNED = "planned"
    CANCELLED = "cancelled"
    HELD = "held"


class BookingKind(StrEnum):
    """Whether one student comes, a class with adults, or a guest of no school."""

    SINGLE = "single"
    GROUP = "group"
    GUEST = "guest"


class BookingState(StrEnum):
    """The life of a booking: waiting → offered → booked → attended; a hold is booked by whoever asked for it."""

    HELD = "held"
    BOOKED = "booked"
    WAITING = "waiting"
    OFFERED = "offered"
    CANCELLED = "cancelled"
    DECLINED = "declined"
    EXPIRED = "expired"
    ATTENDED = "attended"
    ABSENT = "absent"


class BookingEnd(StrEnum):
    """Why a booking ended before the day."""

    OWN_CHOICE = "own_choice"
    NO_ANSWER = "no_answer"
    NO_SEAT = "no_seat"
    SESSION_CANCELLED = "session_cancelled"
    STUDENT_GONE = "student_gone"


class GuestNews(StrEnum):
    """What a guest is to be told by mail."""

    BOOKED = "booked"
    WAITING = "waiting"
    OFFERED = "offered"
    EXPIRED = "expired"
    MOVED = "moved"
    CANCELLED = "cancelled"


_HAS_CLOCK = "state IN ('held', 'waiting', 'offered')"
_ENDED = "state IN ('cancelled', 'declined', 'expired')"


class VisitSession(Base):
    """One date of an opportunity of the kind visit. Its place is the opportunity's; `room` says where there.

    Where it `is_open_to_guests`, everybody may read of it and book without an account.
    `draw_seed` decides between requests of the same moment; it is public, so that anybody can draw again.
    """

    __tablename__ = "visit_sessions"
    __table_args__ = (
        sa.CheckConstraint("starts_at < ends_at", name="times_in_order"),
        sa.CheckConstraint("seats_taken BETWEEN 0 AND seats", name="seats"),
        sa.CheckConstraint("smallest_group >= 1", name="smallest_group"),
        sa.Index("ix_visit_sessions_opportunity_id_starts_at", "opportunity_id", "starts_at", "id"),
        sa.Index("ix_visit_sessions_ends_at", "ends_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    opportunity_id: Mapped[UUID] = mapped_column(sa.ForeignKey("opportunities.id", ondelete="CASCADE"))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    state: Mapped[SessionState] = mapped_column(text_enum(SessionState), default=SessionState.PLANNED)
    room: Mapped[str] = mapped_column(sa.String(200), default="")
    online_link: Mapped[str | None] = mapped_column(sa.String(500))
    language: Mapped[str] = mapped_column(sa.String(2), default="it")
    note: Mapped[str] = mapped_column(sa.String(1000), default="")
    seats: Mapped[int]
    seats_taken: Mapped[int] = mapped_column(default=0)
    smallest_group: Mapped[int | None]
    is_open_to_guests: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    draw_seed: Mapped[int]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class Quota(Base):
    """A limit of seats, or of groups, for some people; or seats that are kept for them until `released_at`.

    Without a session it is about all sessions of the event together. `school_id`, `year` and `programme_id` say for whom:
    each that is filled must hold, and none at all is everybody.
    """

    __tablename__ = "quotas"
    __table_args__ = (
        sa.CheckConstraint("seats_taken BETWEEN 0 AND coalesce(seats, seats_taken)", name="seats"),
        sa.CheckConstraint("groups_taken BETWEEN 0 AND coalesce(most_groups, groups_taken)", name="groups"),
        sa.CheckConstraint("seats IS NOT NULL OR most_groups IS NOT NULL", name="limits_something"),
        sa.CheckConstraint(
            "NOT keeps OR (visit_session_id IS NOT NULL AND seats IS NOT NULL AND most_groups IS NULL)",
            name="kept_in_session",
        ),
        sa.CheckConstraint("released_at IS NULL OR keeps", name="released_if_kept"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    opportunity_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("opportunities.id", ondelete="CASCADE"), index=True
    )
    visit_session_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("visit_sessions.id", ondelete="CASCADE"), index=True
    )
    name: Mapped[str] = mapped_column(sa.String(120))
    school_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("schools.id"))
    year: Mapped[int | None]
    programme_id: Mapped[str | None] = mapped_column(sa.ForeignKey("programmes.id"))
    seats: Mapped[int | None]
    seats_taken: Mapped[int] = mapped_column(default=0)
    most_groups: Mapped[int | None]
    groups_taken: Mapped[int] = mapped_column(default=0)
    keeps: Mapped[bool] = mapped_column(default=False)
    released_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(sa.String(80))


class Booking(Base):
    """A student, a class with adults, or a guest, in a session; `student_id` is a single's. All people of a guest are `adults`.

    In the states of `rules.HOLDS_SEATS` it holds `people` seats. `due_at` is the clock of a hold, an offer or a wait.
    `passes` counts who was served before it at its cost, because it did not fit.
    """

    __tablename__ = "bookings"
    __table_args__ = (
        sa.CheckConstraint("(kind = 'single') = (adults = 0 AND people = 1)", name="single_is_one"),
        sa.CheckConstraint("kind = 'single' OR student_id IS NULL", name="student_of_single"),
        sa.CheckConstraint(
            "adults >= 0 AND ((kind = 'guest' AND people = adults) OR (kind <> 'guest' AND people > adults))",
            name="people",
        ),
        sa.CheckConstraint(
            "(kind = 'guest') = (school_id IS NULL) AND (school_id IS NULL) = (class_id IS NULL)",
            name="guest_of_no_school",
        ),
        sa.CheckConstraint("passes >= 0", name="passes"),
        sa.CheckConstraint(f"({_HAS_CLOCK}) = (due_at IS NOT NULL)", name="open_has_clock"),
        sa.CheckConstraint(
            f"({_ENDED}) = (ended_at IS NOT NULL)"
            " AND (ended_at IS NULL) = (ended_by IS NULL)"
            " AND (ended_at IS NULL) = (end_reason IS NULL)",
            name="end_whole",
        ),
        sa.Index("ix_bookings_visit_session_id_state", "visit_session_id", "state"),
        sa.Index(
            "ix_bookings_due_at", "due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"), postgresql_where=sa.text("due_at IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    visit_session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("visit_sessions.id", ondelete="CASCADE"))
    kind: Mapped[BookingKind] = mapped_column(text_enum(BookingKind))
    state: Mapped[BookingState] = mapped_column(text_enum(BookingState))
    student_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), index=True
    )
    school_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("schools.id"))
    class_id: Mapped[UUID | None] = mapped_column(sa.ForeignKey("classes.id"), index=True)
    people: Mapped[int]
    adults: Mapped[int] = mapped_column(default=0)
    asked_at: Mapped[datetime]
    asked_by: Mapped[str] = mapped_column(sa.String(80))
    due_at: Mapped[datetime | None]
    passes: Mapped[int] = mapped_column(default=0)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(sa.String(80))
    end_reason: Mapped[BookingEnd | None] = mapped_column(text_enum(BookingEnd))
    version: Mapped[int] = mapped_column(default=1)

    __mapper_args__ = {"version_id_col": version}


class BookingMember(Base):
    """A student who comes with a booking that has not ended: in each session at most once, alone or in a group."""

    __tablename__ = "booking_members"

    visit_session_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("visit_sessions.id", ondelete="CASCADE"), primary_key=True
    )
    student_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("students.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    booking_id: Mapped[UUID] = mapped_column(sa.ForeignKey("bookings.id", ondelete="CASCADE"), index=True)


class BookingGuest(Base):
    """Somebody without an account who asks for seats of a session, by an address that a mailed link confirms.

    `code_hash` is of that link, which counts once and until `code_ends_at`. `booking_id` is the hold, and later what came of
    it; `news` is what the next round of mails tells them. Of one address there is one in each session.
    """

    __tablename__ = "booking_guests"
    __table_args__ = (
        sa.UniqueConstraint("visit_session_id", "email"),
        sa.CheckConstraint("people BETWEEN 1 AND 5", name="people"),
        sa.Index(
            "ix_booking_guests_news", "id",
            sqlite_where=sa.text("news IS NOT NULL"), postgresql_where=sa.text("news IS NOT NULL"),
        ),
    )  # fmt: skip

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    visit_session_id: Mapped[UUID] = mapped_column(sa.ForeignKey("visit_sessions.id", ondelete="CASCADE"))
    booking_id: Mapped[UUID | None] = mapped_column(
        sa.ForeignKey("bookings.id", ondelete="CASCADE"), unique=True
    )
    name: Mapped[str] = mapped_column(sa.String(120))
    email: Mapped[str] = mapped_column(sa.String(254))
    language: Mapped[str] = mapped_column(sa.String(2))
    people: Mapped[int]
    code_hash: Mapped[str] = mapped_column(sa.String(64), unique=True)
    asked_at: Mapped[datetime]
    code_ends_at: Mapped[datetime]
    confirmed_at: Mapped[datetime | None]
    news: Mapped[GuestNews | None] = mapped_column(text_enum(GuestNews))


class BookingCount(Base):
    """How a booking that holds seats counts in a quota: what it gives back is what it took, whatever has changed since."""

    __tablename__ = "booking_counts"
    __table_args__ = (sa.CheckConstraint("seats >= 0 AND groups BETWEEN 0 AND 1", name="counts"),)

    booking_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("bookings.id", ondelete="CASCADE"), primary_key=True
    )
    quota_id: Mapped[UUID] = mapped_column(
        sa.ForeignKey("quotas.id", ondelete="CASCADE"), primary_key=True, index=True
    )
    seats: Mapped[int]
    groups: Mapped[int] = mapped_column(default=0)
