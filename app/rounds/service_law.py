"""What the law says of a student at an opportunity on some days, before there is a placement.

What is decided by who goes where and when forbids: ages, hours, nights, and a host of which every declared activity is
banned. What must be there by the first day, and can still come, warns: trainings, the host's risk assessment. Agreements,
insurance and the names of tutors come after the round, and tutors' loads are limits of it (`service_tutors`).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, time
from typing import Any, NamedTuple, Protocol
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, errors
from app.applications import days
from app.applications.days import Days
from app.laws import rules as laws
from app.laws import service as law_service
from app.laws.models import HostActivity, HostSafety, LawRule, Measure, Severity
from app.laws.rules import Facts, Finding, Training
from app.matches.service_rating import Frame, days_meant
from app.opportunities.models import Opportunity
from app.placements import service_findings
from app.placements.models import Risk
from app.rounds import rules
from app.rounds.models import Round, RoundRun, RoundSeat
from app.students.models import Student

DECIDED = frozenset(
    {
        Measure.DAILY_HOURS,
        Measure.WEEKLY_HOURS,
        Measure.NIGHT,
        Measure.MINIMUM_AGE,
        Measure.BANNED_ACTIVITY,
    }
)
AHEAD = frozenset({Measure.GENERAL_TRAINING, Measure.SPECIFIC_TRAINING, Measure.RISK_ASSESSMENT})


class Unlawful(errors.Conflict):
    """Rules of law forbid seats; `faults` names each student and the rule, by its code and its source."""

    title = "The law forbids this"


class Offered(days.Offered, Protocol):
    """What of an opportunity the law looks at."""

    @property
    def company_id(self) -> UUID: ...


class _Person(NamedTuple):
    born_on: date
    hours_owed: int
    track: str
    region: str | None


@dataclass(frozen=True, slots=True)
class Law:
    """The rules, and what they are held against; read once, asked of any number of pairs."""

    rules: Sequence[LawRule]
    people: Mapping[UUID, _Person]
    trainings: Mapping[UUID, Sequence[Training]]
    hosts: Mapping[UUID, HostSafety]
    banned: Mapping[UUID, tuple[str, ...]]
    _known: dict[Any, list[Finding]] = field(default_factory=dict)

    def findings(self, student_id: UUID, offered: Offered, when: Days) -> list[Finding]:
        """What forbids and what warns, the gravest first."""
        ahead = [one for one in self.rules if one.measure in AHEAD]
        found = laws.check(ahead, self._facts(student_id, offered, when), when.starts_on)
        warnings = [
            replace(one, severity=Severity.WARNS) for one in found if one.severity is not Severity.INFORMS
        ]
        return [*self._decided(student_id, offered, when), *warnings]

    def forbidding(self, student_id: UUID, offered: Offered, alternatives: Collection[Days]) -> list[Finding]:
        """What forbids each of the alternatives, as it is found in the first; nothing where one of them is lawful."""
        each = [laws.forbidden(self._decided(student_id, offered, when)) for when in alternatives]
        return each[0] if each and all(each) else []

    def _decided(self, student_id: UUID, offered: Offered, when: Days) -> list[Finding]:
        # Students of an age and a study path are alike in this; a round asks of tens of thousands of pairs.
        person = self.people[student_id]
        age = dates.age_on(person.born_on, when.starts_on)
        key = (age, person.track, person.region, offered.company_id, offered.kind, offered.hours, offered.daily_hours, when)  # fmt: skip
        found = self._known.get(key)
        if found is None:
            decided = [
                one for one in self.rules if one.measure in DECIDED and one.severity is not Severity.INFORMS
            ]
            found = laws.check(decided, self._facts(student_id, offered, when), when.starts_on)
            self._known[key] = found
        return found

    def _facts(self, student_id: UUID, offered: Offered, when: Days) -> Facts:
        person, host = self.people[student_id], self.hosts.get(offered.company_id)
        terms = days.terms(offered, when)
        return Facts(
            starts_on=terms.starts_on, ends_on=terms.ends_on, weekdays=terms.weekdays, daily_hours=terms.daily_hours,
            planned_hours=terms.planned_hours, age=dates.age_on(person.born_on, terms.starts_on), track=person.track,
            risk=(host.risk if host is not None else None) or Risk.LOW,
            jurisdictions=frozenset({"IT", f"IT-{person.region}"}), starts_at=terms.starts_at, ends_at=terms.ends_at,
            hours_owed=person.hours_owed, is_assessed=host is not None and host.assessed_on is not None,
            banned_activities=self.banned.get(offered.company_id, ()), trainings=tuple(self.trainings[student_id]),
        )  # fmt: skip


def read(session: Session, class_ids: Collection[UUID], companies: Collection[UUID]) -> Law:
    """The law for students of some classes at some hosts; six statements for any number."""
    of_class = service_findings.classes_of(session, class_ids)
    people = {
        row.id: _Person(row.born_on, row.hours_owed, *of_class[row.class_id])
        for row in session.execute(
            sa.select(Student.id, Student.born_on, Student.hours_owed, Student.class_id).where(
                Student.class_id.in_(class_ids)
            )
        )
    }
    safety = session.scalars(sa.select(HostSafety).where(HostSafety.company_id.in_(companies)))
    return Law(
        law_service.table(session), people, service_findings.trainings_of(session, people),
        {one.company_id: one for one in safety}, _banned(session, companies),
    )  # fmt: skip


def _banned(session: Session, companies: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The activities of hosts that have declared none that a student may do."""
    rows = session.execute(
        sa.select(HostActivity.company_id, HostActivity.name, HostActivity.is_high_risk)
        .where(HostActivity.company_id.in_(companies), HostActivity.removed_at.is_(None))
        .order_by(HostActivity.name)
    )
    found: defaultdict[UUID, list[tuple[str, bool]]] = defaultdict(list)
    for company_id, name, is_high_risk in rows:
        found[company_id].append((name, is_high_risk))
    return {
        one: tuple(name for name, _ in names)
        for one, names in found.items()
        if all(high for _, high in names)
    }


# --- seats of a run ---------------------------------------------------------------------------------------------------


class Doubt(NamedTuple):
    """What the law says of a seat that a run gives."""

    student_id: UUID
    class_id: UUID
    given_name: str
    family_name: str
    title: str
    finding: Finding

    @property
    def is_forbidden(self) -> bool:
        """Whether the seat cannot be published."""
        return self.finding.severity is Severity.FORBIDS


def doubts(session: Session, row: Round, run: RoundRun, class_ids: Collection[UUID]) -> list[Doubt]:
    """What forbids and what warns, of all seats of some classes that are not published yet; seven statements."""
    spans = {UUID(one["id"]): one["spans"] for one in run.offers["items"]}
    found = session.execute(
        sa.select(RoundSeat.period, RoundSeat.class_id, Student, Opportunity)
        .join(Student, Student.id == RoundSeat.student_id)
        .join(Opportunity, Opportunity.id == RoundSeat.opportunity_id)
        .where(RoundSeat.run_id == run.id, RoundSeat.class_id.in_(class_ids), RoundSeat.proposed_at.is_(None))
        .order_by(Student.family_name, Student.given_name, Student.id)
    ).all()
    law = read(session, class_ids, {one.Opportunity.company_id for one in found})
    return [
        Doubt(student.id, class_id, student.given_name, student.family_name, opportunity.title, finding)
        for period, class_id, student, opportunity in found
        if student.id in law.people
        for finding in law.findings(
            student.id, opportunity, seat_days(row, opportunity, spans[opportunity.id], period)
        )
    ]


def require(session: Session, row: Round, run: RoundRun, class_id: UUID) -> None:
    """Make sure that no rule forbids a seat of a class. Raises Unlawful."""
    faults = [
        {
            "in": "body", "field": "class_ids", "student_id": one.student_id, "code": one.finding.code,
            "detail": cited(one.finding),
        }
        for one in doubts(session, row, run, [class_id])
        if one.is_forbidden
    ]  # fmt: skip
    if faults:
        raise Unlawful(
            f"Rules of law forbid {len(faults)} of the seats: {faults[0]['detail']}", faults=faults
        )


def cited(finding: Finding, language: str = "en") -> str:
    """A finding with its source."""
    return f"{finding.say(language)} ({finding.source})"


def seat_days(row: Round, offered: days.Offered, spans: Sequence[Any], period: int | None) -> Days:
    """The days of a seat, of which a run has kept the `spans` and the period."""
    frame = Frame(rules.kinds_of(row), row.starts_on, row.ends_on)
    return days_meant(offered, [_span(*one) for one in spans], frame)[period or 0]


def _span(starts_on: str, ends_on: str, weekdays: int, starts_at: str | None, ends_at: str | None) -> Days:
    first, last = date.fromisoformat(starts_on), date.fromisoformat(ends_on)
    if starts_at is None or ends_at is None:
        return Days(first, last, weekdays)
    return Days(first, last, weekdays, time.fromisoformat(starts_at), time.fromisoformat(ends_at))
