"""Sessions that repeat, and what gets in their way, as the API takes and shows them."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import Field, StringConstraints

from app.bookings import rules_repeating as rules
from app.bookings.rules import MOST_SESSIONS
from app.bookings.rules_clashes import ClashKind
from app.bookings.rules_repeating import LeftOut, Repetition
from app.bookings.schemas import LINK, ROOM, SMALLEST, GroupSize, Link, Note, Room, VisitSessionOut
from app.bookings.service_clashes import Warned
from app.bookings.service_repeating import Planned
from app.dates import Day
from app.opportunities.schemas import Seats
from app.rest import In, LanguageCode, Line, Out

Rrule = Annotated[str, StringConstraints(min_length=10, max_length=200, pattern=rules.PATTERN)]
RULE = "RFC 5545, such as `FREQ=WEEKLY;BYDAY=TU,TH`; the last day is said by `last_on`."
HourMinute = Annotated[
    str, StringConstraints(min_length=5, max_length=5, pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")
]
"""A clock has no zone, which the format `time` of JSON Schema asks for."""
CLOCK = "HH:MM by the clocks of the place, on each day."


class SessionRunIn(In):
    """Sessions of a visit on the days of a rule, all alike."""

    rrule: Rrule = Field(description=RULE)
    first_on: Day
    last_on: Day
    starts_at: HourMinute = Field(description=CLOCK)
    ends_at: HourMinute = Field(description=CLOCK)
    without_on: Annotated[list[Day], Field(max_length=100)] = Field([], description="Days that are left out.")
    skips_holidays: bool = Field(
        default=True, description="Leave out public holidays, and the patron's day of the place."
    )
    school_id: UUID | None = Field(None, description="Leave out the days on which this school is closed.")
    room: Room = Field("", description=ROOM)
    online_link: Link | None = Field(None, description=LINK)
    language: LanguageCode = "it"
    note: Note = ""
    seats: Seats
    smallest_group: GroupSize | None = Field(None, description=SMALLEST)

    def repetition(self) -> Repetition:
        """When."""
        return Repetition(
            self.rrule, self.first_on, self.last_on, time.fromisoformat(self.starts_at), time.fromisoformat(self.ends_at), frozenset(self.without_on),
            skips_holidays=self.skips_holidays,
        )  # fmt: skip

    def values(self) -> dict[str, Any]:
        """What is the same of all."""
        names = ("room", "online_link", "language", "note", "seats", "smallest_group")
        return {name: getattr(self, name) for name in names}


class ClashOut(Out):
    """Another session that gets in the way, or a test of a class that has booked this one."""

    kind: ClashKind = Field(
        description="`room`: the same room at the same time; `host`: the same host; `topic`: the same skill in the same municipality within a week; `test`: a class that has booked has a test then."
    )
    visit_session_id: UUID = Field(description="The other one; of `test` the session itself.")
    opportunity_id: UUID
    title: Line = Field(description="Of the other visit; of `test` the name of the school.")
    starts_at: datetime

    @classmethod
    def of(cls, warned: Warned) -> Self:
        """From what the service warns of."""
        return cls(
            kind=warned.kind, visit_session_id=warned.other_id, opportunity_id=warned.opportunity_id,
            title=warned.title, starts_at=warned.starts_at,
        )  # fmt: skip


Clashes = Annotated[list[ClashOut], Field(max_length=1000)]


class PlannedMomentOut(Out):
    """A session that would be."""

    starts_at: datetime
    ends_at: datetime
    clashes: Clashes


class LeftOutOut(Out):
    """A day of the rule without a session."""

    day: Day
    reason: LeftOut


class SessionRunTrialOut(Out):
    """What a rule comes to; nothing is planned yet."""

    moments: Annotated[list[PlannedMomentOut], Field(max_length=500)]
    left_out: Annotated[list[LeftOutOut], Field(max_length=500)]

    @classmethod
    def of(cls, planned: Planned) -> Self:
        """From what the service has found."""
        return cls(
            moments=[
                PlannedMomentOut(
                    starts_at=first, ends_at=last, clashes=[ClashOut.of(one) for one in planned.warned.get(place, ())]
                )
                for place, (first, last) in enumerate(planned.moments)
            ],
            left_out=[LeftOutOut(day=day, reason=reason) for day, reason in planned.left_out.items()],
        )  # fmt: skip


class SessionRunOut(Out):
    """The sessions that were planned."""

    sessions: Annotated[list[VisitSessionOut], Field(max_length=MOST_SESSIONS)]


class SessionClashesOut(Out):
    """A planned session with what gets in its way."""

    visit_session_id: UUID
    starts_at: datetime
    clashes: Clashes


class OpportunityClashesOut(Out):
    """What gets in the way of the planned sessions of an event; those without anything are left out."""

    sessions: Annotated[list[SessionClashesOut], Field(max_length=MOST_SESSIONS)]
