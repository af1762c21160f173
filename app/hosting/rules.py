"""What a rotation plan needs to hold together, who may do what with it, and how a partner goes on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import NamedTuple, Protocol
from uuid import UUID

from app import dates
from app.hosting.models import PartnerState

MOST_PARTNERS = 8
"""Firms that are asked for one opportunity: a plan of more stops is a tour."""
MOST_STATIONS = 12


class PartnerAction(StrEnum):
    """What the two sides do with a partner."""

    ACCEPT = "accept"
    DECLINE = "decline"
    INVITE = "invite"
    WITHDRAW = "withdraw"


TAKES_PART = frozenset({PartnerState.INVITED, PartnerState.ACCEPTED})
TRANSITIONS: Mapping[PartnerAction, Mapping[PartnerState, PartnerState]] = {
    PartnerAction.ACCEPT: {PartnerState.INVITED: PartnerState.ACCEPTED},
    PartnerAction.DECLINE: dict.fromkeys(TAKES_PART, PartnerState.DECLINED),
    PartnerAction.INVITE: dict.fromkeys(
        (PartnerState.DECLINED, PartnerState.WITHDRAWN), PartnerState.INVITED
    ),
    PartnerAction.WITHDRAW: dict.fromkeys(TAKES_PART, PartnerState.WITHDRAWN),
}
"""Where each action leads; from another state it is refused."""
OF_PARTNER = frozenset({PartnerAction.ACCEPT, PartnerAction.DECLINE})
"""All others are the lead company's."""


def actions(state: PartnerState, *, is_lead: bool, is_partner: bool) -> list[PartnerAction]:
    """What somebody can do now."""
    return [
        action
        for action in PartnerAction
        if state in TRANSITIONS[action] and (is_partner if action in OF_PARTNER else is_lead)
    ]


class Fault(NamedTuple):
    """A field of the plan and what is wrong with it."""

    field: str
    detail: str


class Days(Protocol):
    """A period of the opportunity: days, both included, and its weekdays as a bit set."""

    @property
    def starts_on(self) -> date: ...
    @property
    def ends_on(self) -> date: ...
    @property
    def weekdays(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Stop:
    """One stop of a plan, as it is checked."""

    company_id: UUID
    site_id: UUID | None
    starts_on: date
    ends_on: date
    starts_at: time | None
    ends_at: time | None
    hours: int
    learns: str = ""

    @property
    def begins(self) -> datetime:
        """The moment from which the student is there."""
        return datetime.combine(self.starts_on, self.starts_at or time.min)

    @property
    def ends(self) -> datetime:
        """The moment at which the student is free for another stop."""
        if self.ends_at is None:
            return datetime.combine(self.ends_on + timedelta(days=1), time.min)
        return datetime.combine(self.ends_on, self.ends_at)


def in_order(stops: Sequence[Stop]) -> list[Stop]:
    """As a student goes round."""
    return sorted(stops, key=lambda one: (one.begins, one.ends))


def faults(
    stops: Sequence[Stop],
    periods: Sequence[Days],
    hours: int,
    *,
    allows_gaps: bool,
    allows_overlaps: bool,
) -> list[Fault]:
    """What is wrong with a plan, by field; none at all has nothing wrong. `hours` 0 is not said.

    Every student goes round on the same days, so the opportunity has one period.
    """
    if not stops:
        return []
    if len(periods) != 1:
        return [Fault("stations", "the opportunity needs exactly one period, in which all stations lie")]
    found = [fault for number, stop in enumerate(stops) for fault in _of_one(number, stop, periods[0])]
    if len({one.company_id for one in stops}) < 2:
        found.append(Fault("stations", "name stations of at least two companies"))
    if found:
        return found
    if not allows_overlaps:
        found += _overlaps(stops)
    if not allows_gaps and (missing := _first_gap(stops, periods[0])) is not None:
        found.append(
            Fault("stations", f"nobody has the students on {missing}; say `allows_gaps` if that is meant")
        )
    total = sum(one.hours for one in stops)
    if hours and total != hours:
        found.append(Fault("stations", f"the stations have {total} hours, the opportunity has {hours}"))
    return found


def _of_one(number: int, stop: Stop, period: Days) -> list[Fault]:
    at = f"stations.{number}"
    if stop.ends_on < stop.starts_on:
        return [Fault(f"{at}.ends_on", "lies before starts_on")]
    found = []
    if (stop.starts_at is None) != (stop.ends_at is None):
        found.append(Fault(f"{at}.ends_at", "starts_at and ends_at come together"))
    elif stop.starts_at is not None and stop.ends_at is not None:
        if stop.starts_on != stop.ends_on:
            found.append(Fault(f"{at}.starts_at", "only a station of one day has times"))
        elif stop.ends_at <= stop.starts_at:
            found.append(Fault(f"{at}.ends_at", "lies before starts_at"))
    if stop.starts_on < period.starts_on:
        found.append(Fault(f"{at}.starts_on", "lies before the opportunity begins"))
    if stop.ends_on > period.ends_on:
        found.append(Fault(f"{at}.ends_on", "lies after the opportunity ends"))
    if not period.weekdays & dates.weekdays_between(stop.starts_on, stop.ends_on):
        found.append(Fault(f"{at}.starts_on", "none of the opportunity's weekdays occurs on these days"))
    return found


def _overlaps(stops: Sequence[Stop]) -> list[Fault]:
    found = []
    ordered = in_order(stops)
    latest = ordered[0].begins
    for stop in ordered:
        if stop.begins < latest:
            number = next(place for place, one in enumerate(stops) if one is stop)
            found.append(
                Fault(
                    f"stations.{number}.starts_on",
                    "overlaps another station; say `allows_overlaps` if that is meant",
                )
            )
        latest = max(latest, stop.ends)
    return found


def _first_gap(stops: Sequence[Stop], period: Days) -> date | None:
    day = period.starts_on
    while day <= period.ends_on:
        is_wanted = period.weekdays & dates.weekdays_between(day, day)
        if is_wanted and not any(one.starts_on <= day <= one.ends_on for one in stops):
            return day
        day += timedelta(days=1)
    return None


def not_agreed(stops: Sequence[Stop], lead_id: UUID, agreed: Collection[UUID]) -> list[Fault]:
    """Stations of companies that have not said yes, or not any more."""
    return [
        Fault(f"stations.{number}.company_id", "the company has not agreed")
        for number, one in enumerate(stops)
        if one.company_id != lead_id and one.company_id not in agreed
    ]


def asked_anew(before: Sequence[Stop], after: Sequence[Stop], agreed: Collection[UUID]) -> set[UUID]:
    """Which companies' yes was about something else: their stations have changed."""

    def of(stops: Sequence[Stop], company_id: UUID) -> set[Stop]:
        return {one for one in stops if one.company_id == company_id}

    return {one for one in agreed if of(after, one) and of(before, one) != of(after, one)}
