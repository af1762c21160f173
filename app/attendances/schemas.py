"""Who came, what it is worth, and what people say of it, as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.attendances.models import Discovery, Recommends
from app.attendances.rules import Came
from app.attendances.service import Presence
from app.attendances.service_advice import Answer
from app.attendances.service_feedback import Said
from app.bookings.models import BookingKind, BookingState
from app.bookings.rules import sees_students
from app.bookings.schemas import Count, Moment, Version
from app.opportunities.schemas import Year
from app.rest import In, Line, Out, Page

People = Annotated[int, Field(ge=0, le=1000)]
Code = Annotated[str, StringConstraints(min_length=8, max_length=20, pattern=r"^[A-Za-z0-9 -]+$")]
VisitHours = Annotated[int, Field(ge=0, le=24)]

MADE = "When it was seen; null is now. Of two marks the later one stands, in whatever order they arrive."
NAMED = "Whether the school has said who: then the host's number changes nothing."


class CheckInIn(In):
    """Who came: how many, or who. What is left out is everybody who has booked."""

    students: People | None = Field(None, description="How many students; null is all.")
    adults: People | None = Field(None, description="How many adults; null is all, or none without students.")
    student_ids: Annotated[list[UUID], Field(max_length=100)] | None = Field(
        None, description="Who came. Only the school says so."
    )
    made_at: Moment | None = Field(None, description=MADE)

    def came(self, now: datetime) -> Came:
        """What it says."""
        ids = None if self.student_ids is None else tuple(self.student_ids)
        return Came(self.made_at or now, self.students, self.adults, ids)


class CodeCheckInIn(In):
    """Who came with the booking that has this code."""

    code: Code = Field(description="As it is shown or typed; hyphens and small letters do not matter.")
    students: People | None = Field(None, description="How many students; null is all.")
    adults: People | None = Field(None, description="How many adults; null is all, or none without students.")
    made_at: Moment | None = Field(None, description=MADE)

    def came(self, now: datetime) -> Came:
        """What it says."""
        return Came(self.made_at or now, self.students, self.adults)


class CheckInOut(Out):
    """A booking on the day: who was to come, and who came."""

    booking_id: UUID
    visit_session_id: UUID
    kind: BookingKind
    state: BookingState
    school_id: UUID | None = Field(description="Null for a guest, who is of no school.")
    school_name: Line | None
    year: Year | None
    guest_name: Line | None = Field(
        description="Who booked without an account, until a month after the visit."
    )
    expected_students: Count
    expected_adults: Count
    students: Count | None = Field(description="Null while nobody has said anything.")
    adults: Count | None
    is_named: bool = Field(description=NAMED)
    student_ids: Annotated[list[UUID], Field(max_length=100)] | None = Field(
        description="Who came. Null for the host, and while the school has not said who of a group that came in part."
    )
    code: Code | None = Field(
        description="For whoever brings it: the student who comes alone, and the school."
    )
    made_at: datetime | None
    noted_at: datetime | None = Field(description="When it arrived here.")
    version: Version | None

    @classmethod
    def of(cls, found: Presence, code: str | None) -> Self:
        """What the reader may see of it."""
        seen, check_in = found.seen, found.check_in
        booking = seen.booking
        who = found.who if sees_students(seen.side, is_group=seen.is_group) else None
        return cls(
            booking_id=booking.id, visit_session_id=booking.visit_session_id, kind=booking.kind, state=booking.state,
            school_id=booking.school_id, school_name=seen.school_name, year=seen.year, guest_name=seen.guest_name,
            expected_students=found.expected_students, expected_adults=booking.adults,
            students=found.students, adults=found.adults,
            is_named=check_in is not None and check_in.is_named,
            student_ids=None if who is None or found.students is None else sorted(who), code=code,
            made_at=check_in.made_at if check_in else None, noted_at=check_in.noted_at if check_in else None,
            version=check_in.version if check_in else None,
        )  # fmt: skip


class CheckInList(Page):
    """The bookings of a session that can come, the earliest asked first."""

    items: Annotated[list[CheckInOut], Field(max_length=100)]


class VisitWorthIn(In):
    """What a visit is worth to the students of a school."""

    school_id: UUID
    hours: VisitHours = Field(description="For each student who was there; 0 is none.")


class VisitWorthOut(Out):
    """What a school has decided that a visit is worth."""

    opportunity_id: UUID
    school_id: UUID
    hours: VisitHours
    decided_at: datetime
    version: Version


# --- afterwards -------------------------------------------------------------------------------------------------------

Words = Annotated[str, StringConstraints(max_length=300, pattern=r"^[^\x00]*$")]


class VisitFeedbackIn(In):
    """Two answers about a visit."""

    discovery: Discovery = Field(description="What one discovered.")
    recommends: Recommends = Field(description="Whether one would tell others to come.")
    words: Words = Field("", description="Read by the host without a name; name nobody in it.")


class VisitFeedbackOut(Out):
    """What one has answered."""

    booking_id: UUID
    discovery: Discovery
    recommends: Recommends
    words: Words
    given_at: datetime
    version: Version


class DiscoveryCount(Out):
    """How many discovered this."""

    discovery: Discovery
    number: Count


class RecommendsCount(Out):
    """How many answered this."""

    recommends: Recommends
    number: Count


class SessionFeedbackOut(Out):
    """What the answers to a session come to: each count down to a multiple of five; 0 is fewer than five."""

    answers: Count
    discoveries: Annotated[list[DiscoveryCount], Field(max_length=10)]
    recommends: Annotated[list[RecommendsCount], Field(max_length=10)]
    words: Annotated[list[Words], Field(max_length=10_000)] = Field(
        description="Without who wrote them, from five on."
    )

    @classmethod
    def of(cls, said: Said) -> Self:
        """As it may be told."""
        return cls(
            answers=said.answers,
            discoveries=[
                DiscoveryCount(discovery=one, number=number) for one, number in said.discoveries.items()
            ],
            recommends=[
                RecommendsCount(recommends=one, number=number) for one, number in said.recommends.items()
            ],
            words=list(said.words),
        )


Share = Annotated[float, Field(ge=0, le=1)]


class ExtraSeats(Out):
    """So many seats more, and the risk that somebody who comes finds no place."""

    extra: Count
    refusal: Share


class SeatAdviceOut(Out):
    """How many will come, with an interval of 90 %, and what more seats would risk. A person decides, by changing the seats."""

    visit_session_id: UUID
    seats: Count
    room: Count = Field(description="Places on the day.")
    risk: Share = Field(description="What you would accept.")
    booked: Count
    learnt_from: Count = Field(
        description="Bookings whose people have been counted; fewer than 400 advise nothing."
    )
    expected: Annotated[float, Field(ge=0, le=1_000_000)] | None
    low: Count | None
    high: Count | None
    extra: Count | None = Field(description="The most seats more that keep to the risk.")
    risks: Annotated[list[ExtraSeats], Field(max_length=100)]

    @classmethod
    def of(cls, found: Answer) -> Self:
        """What was computed."""
        advice = found.advice
        return cls(
            visit_session_id=found.visit.id, seats=found.visit.seats, room=found.room, risk=found.risk, booked=found.booked,
            learnt_from=found.learnt_from, expected=advice and round(advice.mean, 1), low=advice and advice.low,
            high=advice and advice.high, extra=advice and advice.extra,
            risks=[ExtraSeats(extra=one.extra, refusal=one.refusal) for one in advice.risks] if advice else [],
        )  # fmt: skip
