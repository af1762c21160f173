"""Sessions, quotas and bookings as the API takes and shows them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, ClassVar, Self
from uuid import UUID

from pydantic import AfterValidator, Field, StringConstraints

from app.bookings import rules
from app.bookings.models import BookingEnd, BookingKind, BookingState, Quota, SessionState, VisitSession
from app.bookings.rules import BookingAction, Side
from app.bookings.service_reading import Seen
from app.opportunities.schemas import Seats, Year
from app.rest import In, LanguageCode, Line, Out, Page, Patch, Slug


def _of_our_time(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("is a moment with its offset, such as 2026-03-02T09:00:00+01:00")
    if not 2000 <= moment.year <= 2100:
        raise ValueError("is not of this century")
    return moment.astimezone(UTC)


Moment = Annotated[datetime, AfterValidator(_of_our_time)]
Room = Annotated[str, StringConstraints(max_length=200, pattern=r"^[^\x00-\x1f]*$")]
Note = Annotated[str, StringConstraints(max_length=1000, pattern=r"^[^\x00]*$")]
Link = Annotated[
    str, StringConstraints(min_length=12, max_length=500, pattern=r"^https://[^\x00-\x20\x7f\"<>\\^`{|}]+$")
]
GroupSize = Annotated[int, Field(ge=1, le=1000)]
Adults = Annotated[int, Field(ge=1, le=50)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]
Version = Annotated[int, Field(ge=1, le=2**31 - 1)]

STARTS = "With its offset; shown in UTC. Both on one day, by the clocks of the place."
ROOM = "Address and room, where they are not those of the event."
LINK = "Told only to whoever has booked, and to whoever changes the event."
SMALLEST = "Fewest people of a group, adults included; null is any."
KEEPS = "True: these seats are kept free for them. False: at most so many of them come."
DESPITE = "True: although the class has a test then, which is refused otherwise with 409."
GUESTS = "Everybody may read of this session and book up to five seats with a confirmed address, without an account."
SEED = "Decides between requests of the same moment: sha256 of `seed:booking_id`, the smallest first."

# --- sessions ---------------------------------------------------------------------------------------------------------


class VisitSessionIn(In):
    """A new session of a visit."""

    starts_at: Moment = Field(description=STARTS)
    ends_at: Moment = Field(description=STARTS)
    room: Room = Field("", description=ROOM)
    online_link: Link | None = Field(None, description=LINK)
    language: LanguageCode = "it"
    note: Note = ""
    seats: Seats
    smallest_group: GroupSize | None = Field(None, description=SMALLEST)
    is_open_to_guests: bool = Field(default=False, description=GUESTS)


class VisitSessionPatch(Patch):
    """Changes of a session; who has booked is told when it is at another time or in another room."""

    never_empty: ClassVar[frozenset[str]] = frozenset(
        {"starts_at", "ends_at", "room", "language", "note", "seats", "is_open_to_guests"}
    )

    starts_at: Moment | None = Field(None, description=STARTS)
    ends_at: Moment | None = Field(None, description=STARTS)
    room: Room | None = Field(None, description=ROOM)
    online_link: Link | None = Field(None, description=LINK)
    language: LanguageCode | None = None
    note: Note | None = None
    seats: Seats | None = None
    smallest_group: GroupSize | None = Field(None, description=SMALLEST)
    is_open_to_guests: bool | None = Field(None, description=GUESTS)


class VisitSessionOut(Out):
    """One date of a visit."""

    id: UUID
    opportunity_id: UUID
    starts_at: datetime
    ends_at: datetime
    state: SessionState
    room: Room = Field(description=ROOM)
    online_link: Link | None = Field(description=LINK)
    language: LanguageCode
    note: Note
    seats: Seats
    seats_taken: Count
    seats_free: Count = Field(
        description="Some may be kept for others: `quotas` say for whom, and until when."
    )
    smallest_group: GroupSize | None = Field(description=SMALLEST)
    is_open_to_guests: bool = Field(description=GUESTS)
    draw_seed: Annotated[int, Field(ge=0, le=2**31 - 1)] = Field(description=SEED)
    version: Version

    @classmethod
    def of(cls, visit: VisitSession, *, is_host: bool) -> Self:
        """What the reader may see of it."""
        own = {name: getattr(visit, name) for name in cls.model_fields if hasattr(visit, name)}
        link = visit.online_link if is_host else None
        return cls(**own | {"seats_free": visit.seats - visit.seats_taken, "online_link": link})


class VisitSessionList(Page):
    """Sessions of an event, the earliest first."""

    items: Annotated[list[VisitSessionOut], Field(max_length=100)]


# --- quotas -----------------------------------------------------------------------------------------------------------


class QuotaIn(In):
    """A limit, or kept seats, for some people: each of school, year and programme that is said must hold."""

    name: Line
    visit_session_id: UUID | None = Field(None, description="Of one session; null is of all together.")
    school_id: UUID | None = None
    year: Year | None = Field(None, description="Of the class.")
    programme_id: Slug | None = None
    seats: Seats | None = Field(None, description="Adults take seats too; null is no limit of seats.")
    most_groups: GroupSize | None = Field(None, description="Null is no limit of groups.")
    keeps: bool = Field(default=False, description=KEEPS)
    released_at: Moment | None = Field(None, description="Kept until then; null is until the session begins.")


class QuotaOut(Out):
    """A limit, or kept seats, for some people, and how many of them come."""

    id: UUID
    opportunity_id: UUID
    visit_session_id: UUID | None
    name: Line
    school_id: UUID | None
    year: Year | None
    programme_id: Slug | None
    seats: Seats | None
    seats_taken: Count
    most_groups: GroupSize | None
    groups_taken: Count
    keeps: bool = Field(description=KEEPS)
    released_at: datetime | None

    @classmethod
    def of(cls, quota: Quota) -> Self:
        """From the row."""
        return cls.model_validate(quota)


class QuotaList(Page):
    """Quotas of an event, the oldest first."""

    items: Annotated[list[QuotaOut], Field(max_length=100)]


# --- bookings ---------------------------------------------------------------------------------------------------------


class BookingIn(In):
    """Who is to come: a student, or a class with adults."""

    student_id: UUID | None = Field(None, description="A student who comes alone. This or `class_id`.")
    class_id: UUID | None = Field(None, description="A class; its teachers book it.")
    student_ids: Annotated[list[UUID], Field(min_length=1, max_length=100)] | None = Field(
        None, description="Those of the class who come; null is all of them."
    )
    adults: Adults | None = Field(None, description="Who go with the class; they take seats too.")
    is_hold: bool = Field(default=False, description="True: only keep the seats for some minutes.")
    may_wait: bool = Field(
        default=True, description="False: 409 where there is no room now, instead of the waiting list."
    )
    despite_test: bool = Field(default=False, description=DESPITE)


class SplitBookingIn(In):
    """A class that comes in two halves, to two sessions of one visit."""

    second_session_id: UUID = Field(description="The other session of the same visit.")
    class_id: UUID = Field(description="Its teachers book it.")
    student_ids: Annotated[list[UUID], Field(min_length=2, max_length=100)] | None = Field(
        None, description="Those of the class who come; null is all of them."
    )
    adults: Annotated[int, Field(ge=2, le=50)] = Field(description="At least one goes with each half.")
    despite_test: bool = Field(default=False, description=DESPITE)


class BookingMoveIn(In):
    """One step with a booking."""

    action: BookingAction = Field(
        description="`confirm` a hold, `accept` or `decline` an offer, `cancel`; who came is `attend`, who did not `miss`."
    )
    version: Version = Field(description="The one that you have read; another one is refused with 412.")


class WaitingOut(Out):
    """Where a booking stands on the waiting list, and why it waits."""

    position: Annotated[int, Field(ge=1, le=1_000_000)]
    before_people: Count | None = Field(description="The size of the one directly before it.")
    room: Count = Field(description="For so many there is room now.")
    passes: Count = Field(
        description=f"How often a smaller one went before it; after {rules.MOST_PASSES} seats are kept for it "
        "while few are missing, until a week before."
    )


class BookingDayOut(Out):
    """What the host says of the day, of an event in a series."""

    is_step_free: bool | None = Field(description="Null is not said.")
    accessibility: Note
    contact_name: Annotated[str, Field(max_length=120, pattern=r"^[^\x00-\x1f]*$")] = Field(
        description="Who is there on the day."
    )
    contact_phone: Annotated[str, Field(max_length=40, pattern=r"^[0-9+() ./-]*$")]


class BookingOut(Out):
    """Seats in a session, or the wait for them."""

    id: UUID
    visit_session_id: UUID
    opportunity_id: UUID
    opportunity_title: Line
    starts_at: datetime
    ends_at: datetime
    online_link: Link | None = Field(description="For whoever has booked.")
    of_the_day: BookingDayOut | None = Field(
        description="For whoever has booked; null unless the visit is in a series."
    )
    kind: BookingKind
    state: BookingState
    people: Count = Field(description="Students and adults.")
    adults: Count = Field(description="Of a guest all people.")
    school_id: UUID | None = Field(description="Null for a guest, who is of no school.")
    school_name: Line | None
    year: Year | None
    guest_name: Line | None = Field(
        description="Who booked without an account, until a month after the visit."
    )
    class_id: UUID | None = Field(description="Null for the host.")
    student_ids: Annotated[list[UUID], Field(max_length=100)] | None = Field(
        description="Who comes; empty when the booking has ended. Null for the host and for other students of the group."
    )
    asked_at: datetime
    due_at: datetime | None = Field(description="When a hold, an offer or a wait ends by itself.")
    ended_at: datetime | None
    end_reason: BookingEnd | None
    waiting: WaitingOut | None = Field(description="Null unless it waits.")
    actions: Annotated[list[BookingAction], Field(max_length=6)] = Field(description="What you can do now.")
    version: Version

    @classmethod
    def of(cls, seen: Seen, now: datetime) -> Self:
        """What the reader may see of it."""
        one, visit = seen.booking, seen.visit
        own: dict[str, Any] = {name: getattr(one, name) for name in cls.model_fields if hasattr(one, name)}
        is_host = seen.side is Side.HOST
        hears_link = is_host or one.state is BookingState.BOOKED
        sees_students = rules.sees_students(seen.side, is_group=seen.is_group)
        return cls(
            **own
            | {
                "opportunity_id": visit.opportunity_id,
                "opportunity_title": seen.opportunity.title,
                "starts_at": visit.starts_at,
                "ends_at": visit.ends_at,
                "online_link": visit.online_link if hears_link else None,
                "of_the_day": None
                if seen.of_the_day is None
                else BookingDayOut.model_validate(seen.of_the_day),
                "school_name": seen.school_name,
                "year": seen.year,
                "guest_name": seen.guest_name,
                "class_id": None if is_host else one.class_id,
                "student_ids": list(seen.students) if sees_students else None,
                "waiting": None if seen.place is None else WaitingOut(**seen.place._asdict()),
                "actions": seen.actions(now),
            }
        )


class SplitBookingOut(Out):
    """Both halves of a class."""

    bookings: Annotated[list[BookingOut], Field(min_length=2, max_length=2)] = Field(
        description="In the order of the sessions that were named."
    )


class BookingList(Page):
    """Bookings: of a session the earliest asked first, of a student the latest session first."""

    items: Annotated[list[BookingOut], Field(max_length=100)]
