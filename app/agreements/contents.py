"""What stands in a document, as data for whichever printer: title, facts, sections, and places for signatures."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Self
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.agreements import rules, service_effects, service_opening, service_plans, wording
from app.agreements.models import (
    Agreement,
    Amendment,
    Interruption,
    Language,
    SignerRole,
    TrainingPlan,
)
from app.agreements.service import Seen
from app.auth.models import User
from app.calendars import service as calendars
from app.calendars.rules import Calendar
from app.companies.models import Company, CompanySite
from app.placements.models import Placement
from app.places.models import Municipality
from app.schools.models import School, SchoolClass
from app.skills import service as skills
from app.skills.service import SkillRef
from app.students.models import Student

Data = dict[str, Any]
Facts = list[tuple[str, str]]


def of_paper(session: Session, seen: Seen, language: Language, now: datetime) -> Data:
    """The contents of a paper as it is now."""
    return of_papers(session, [seen], language, now)[0]


def of_papers(session: Session, papers: Sequence[Seen], language: Language, now: datetime) -> list[Data]:
    """The contents of several; plans ask as much of the database as one of them."""
    write = _Writer(session, language, _Known.of(session, papers))
    return [write.paper(one, now) for one in papers]


def of_interruption(
    session: Session, note: Interruption, placement: Placement, student: Student, language: Language
) -> Data:
    """The contents of the note of an early end."""
    write = _Writer(session, language, _Known.of(session, [], [placement]))
    facts = [
        (write.label("ended_on"), write.day(note.ended_on)),
        (write.label("wanted_by"), wording.PARTIES[note.party][language]),
        (write.label("reason"), wording.END_REASONS[note.reason][language]),
    ]
    end = write.section("end", facts=facts, paragraphs=[note.text] if note.text else [])
    return write.whole("interruption", [write.section("who", facts=write.who(placement, student)), end])


@dataclass(frozen=True, slots=True)
class _Known:
    """What the papers tell of, read at once. `rows` are held so that the session finds them, and asks no more."""

    people: service_opening.People
    rows: Sequence[object]
    wanted: Mapping[UUID, Sequence[tuple[str, int]]]
    skills: Mapping[str, SkillRef]
    sites: Mapping[UUID, str]
    calendar: Calendar

    @classmethod
    def of(cls, session: Session, papers: Sequence[Seen], placements: Sequence[Placement] = ()) -> Self:
        placements = [*placements, *(one.placement for one in papers if one.placement is not None)]
        school_ids = {one.school_id for one in placements} | {one.paper.school_id for one in papers}
        company_ids = {one.company_id for one in placements} | {one.paper.company_id for one in papers}
        people = service_opening.people_of(session, papers)
        wanted = service_plans.skills_of_many(
            session, [one.paper.id for one in papers if isinstance(one.paper, TrainingPlan)]
        )
        sites = session.execute(
            sa.select(CompanySite.id, CompanySite.address, Municipality.name)
            .join(Municipality, Municipality.istat == CompanySite.municipality_istat)
            .where(CompanySite.id.in_({one.site_id for one in placements if one.site_id is not None}))
        )
        rows = [
            *session.scalars(sa.select(School).where(School.id.in_(school_ids))),
            *session.scalars(sa.select(SchoolClass).where(SchoolClass.id.in_({one.class_id for one in placements}))),
            *session.scalars(sa.select(Company).where(Company.id.in_(company_ids))),
        ]  # fmt: skip
        return cls(
            people, rows, wanted, skills.refs(session, {skill_id for some in wanted.values() for skill_id, _ in some}),
            {row.id: ", ".join(part for part in (row.address, row.name) if part) for row in sites},
            calendars.calendar(session, school_ids, {one.opportunity_id for one in placements}),
        )  # fmt: skip


class _Writer:
    """Writes in one language what rows hold."""

    def __init__(self, session: Session, language: Language, known: _Known) -> None:
        self.session = session
        self.language = str(language)
        self.known = known

    def paper(self, seen: Seen, now: datetime) -> Data:
        paper = seen.paper
        if isinstance(paper, Agreement):
            sections = self.agreement(paper)
        else:
            assert seen.placement is not None  # noqa: S101 -- for the type checker; only agreements have none
            assert seen.student is not None  # noqa: S101
            if isinstance(paper, TrainingPlan):
                sections = self.plan(paper, seen.placement, seen.student)
            else:
                assert isinstance(paper, Amendment)  # noqa: S101 -- the third kind
                sections = self.amendment(paper, seen.placement, seen.student)
        people = service_opening.signers(self.session, seen, self.known.people, now)
        data = self.whole(paper.kind, sections, people={role: name for role, (name, _) in people.items()})
        if seen.placement is not None:
            changes = rules.changes_of(paper) if isinstance(paper, Amendment) else {}
            data["terms"] = rules.terms_of(seen.placement, changes)
        return data

    # --- parts --------------------------------------------------------------------------------------------------------

    def whole(
        self, kind: str, sections: Sequence[Data], *, people: Mapping[SignerRole, str] | None = None
    ) -> Data:
        title = wording.TITLES[kind][self.language]
        rows = [[wording.ROLES[role][self.language], name, ""] for role, name in (people or {}).items()]
        head = [self.label(name) for name in ("signs_as", "name", "date_and_signature")]
        return {
            "lang": self.language, "title": title, "sections": list(sections),
            "signatures": {"heading": self.label("signatures"), "head": head, "rows": rows} if rows else None,
            "footer": wording.FOOTER[self.language] if rows else "",
        }  # fmt: skip

    def section(
        self,
        heading: str,
        *,
        paragraphs: Sequence[str] = (),
        facts: Facts | None = None,
        items: Sequence[str] = (),
        head: Sequence[str] = (),
        rows: Iterable[Sequence[str]] = (),
    ) -> Data:
        return {
            "heading": wording.HEADINGS[heading][self.language], "paragraphs": list(paragraphs),
            "facts": [list(fact) for fact in facts or ()], "items": list(items),
            "table": {"head": list(head), "rows": [list(row) for row in rows]} if head else None,
        }  # fmt: skip

    def label(self, name: str, **values: object) -> str:
        return wording.LABELS[name][self.language].format(**values)

    def day(self, day: date) -> str:
        return f"{day.day}/{day.month}/{day.year}" if self.language == "it" else day.isoformat()

    def period(self, first: date, last: date) -> str:
        return self.label("from_to", first=self.day(first), last=self.day(last))

    def hours(self, hours: float) -> str:
        written = f"{hours:g}"
        return written.replace(".", ",") if self.language == "it" else written

    def weekdays(self, mask: int) -> str:
        return ", ".join(name for bit, name in enumerate(wording.WEEKDAYS[self.language]) if mask >> bit & 1)

    def times(self, starts_at: time | None, ends_at: time | None) -> str:
        if starts_at is None or ends_at is None:
            return self.label("none")
        return f"{starts_at:%H:%M}–{ends_at:%H:%M}"

    def name_of(self, user_id: UUID | None) -> str:
        user = self.session.get(User, user_id) if user_id is not None else None
        return user.name if user is not None else self.label("none")

    # --- the kinds ----------------------------------------------------------------------------------------------------

    def agreement(self, one: Agreement) -> list[Data]:
        school = self.session.get_one(School, one.school_id)
        company = self.session.get_one(Company, one.company_id)
        signatories = service_effects.signatories(self.session, one)
        named = {role: found.name for role, found in signatories.items()}
        parties = [
            (self.label("school"), f"{school.name} ({school.code})"),
            (self.label("head"), named.get(SignerRole.HEAD, self.label("none"))),
            (self.label("company"), company.name),
            (self.label("tax_code"), company.tax_code or self.label("none")),
            (self.label("host"), named.get(SignerRole.HOST, self.label("none"))),
        ]
        insurance = [
            (self.label("insurance"), one.insurance_company or self.label("none")),
            (self.label("policy"), one.insurance_policy or self.label("none")),
            (self.label("inail"), one.inail_position or self.label("none")),
        ]
        validity = [(self.label("validity"), self.period(one.valid_from, one.valid_until))]
        return [
            self.section("parties", facts=parties),
            self.section("purpose", paragraphs=[wording.PURPOSE[self.language]]),
            self.section("school_duties", items=wording.SCHOOL_DUTIES[self.language]),
            self.section("host_duties", items=wording.HOST_DUTIES[self.language]),
            self.section("insurance", facts=insurance),
            self.section("privacy", paragraphs=[wording.PRIVACY[one.privacy_role][self.language]]),
            self.section("validity", facts=validity, paragraphs=[wording.END_OF_AGREEMENT[self.language]]),
        ]

    def plan(self, one: TrainingPlan, placement: Placement, student: Student) -> list[Data]:
        who = self.who(placement, student)
        if one.guardian_name and rules.is_minor(student.born_on, placement.starts_on):
            who.append((self.label("guardian"), one.guardian_name))
        who += [
            (wording.TERMS[name][self.language], self.name_of(getattr(placement, name)))
            for name in rules.TUTORS
        ]
        when = [
            (self.label("period"), self.period(placement.starts_on, placement.ends_on)),
            (self.label("weekdays"), self.weekdays(placement.weekdays)),
            (self.label("times"), self.times(placement.starts_at, placement.ends_at)),
            (self.label("hours"), self.label("some_hours", hours=placement.planned_hours)),
        ]
        gained = [
            [self._skill(self.known.skills[skill_id].label, skill_id), wording.LEVELS[level][self.language]]
            for skill_id, level in self.known.wanted[one.id]
        ]
        safety = [
            (self.label("risk"), wording.RISKS[placement.risk][self.language]),
            (self.label("general"), self.label("some_hours", hours=one.general_training_hours)),
            (self.label("specific"), self.label("some_hours", hours=one.specific_training_hours)),
        ]
        calendar = self.known.calendar
        off = calendar.off(placement.school_id, placement.opportunity_id, placement)
        schedule = rules.schedule(placement, off)
        days = [
            [self.day(each.day), self.times(each.starts_at, each.ends_at), self.hours(each.hours)]
            for each in schedule
        ]
        closings = [
            self.label(
                "closed_at_host" if any(one.starts_on <= each.day <= one.ends_on for each in schedule) else "closed_at_home",
                closing=one.name, period=self.period(one.starts_on, one.ends_on),
            )
            for one in calendar.closings(placement.school_id, placement)
        ]  # fmt: skip
        return [
            self.section("who", facts=who),
            self.section("when", facts=when),
            self.section("activities", paragraphs=_paragraphs(one.activities)),
            self.section("skills", head=[self.label("skill"), self.label("level")], rows=gained),
            self.section("safety", facts=safety, paragraphs=_paragraphs(one.safety_measures)),
            self.section("duties", items=wording.STUDENT_DUTIES[self.language]),
            self.section(
                "schedule", items=closings,
                head=[self.label("day"), self.label("time"), self.label("hours_of_day")], rows=days,
            ),
        ]  # fmt: skip

    def amendment(self, one: Amendment, placement: Placement, student: Student) -> list[Data]:
        rows = [
            [
                wording.TERMS[name][self.language],
                self._term(name, getattr(placement, name)),
                self._term(name, value),
            ]
            for name, value in rules.changes_of(one).items()
        ]
        head = [self.label(name) for name in ("what", "was", "becomes")]
        return [
            self.section("who", facts=self.who(placement, student)),
            self.section("changes", head=head, rows=rows, paragraphs=[wording.STAYS[self.language]]),
        ]

    def _skill(self, labels: Mapping[str, str], skill_id: str) -> str:
        return labels.get(self.language) or labels.get("it") or skill_id

    def _term(self, name: str, value: Any) -> str:
        if value is None:
            return self.label("none")
        if name in rules.TUTORS:
            return self.name_of(value)
        if name == "weekdays":
            return self.weekdays(value)
        if isinstance(value, date):
            return self.day(value)
        return f"{value:%H:%M}" if isinstance(value, time) else self.hours(value)

    def who(self, placement: Placement, student: Student) -> Facts:
        school = self.session.get_one(School, placement.school_id)
        own = self.session.get_one(SchoolClass, placement.class_id)
        company = self.session.get_one(Company, placement.company_id)
        facts = [
            (self.label("student"), f"{student.given_name} {student.family_name}"),
            (self.label("born_on"), self.day(student.born_on)),
            (self.label("school"), school.name),
            (self.label("class"), f"{own.year} {own.section}"),
            (self.label("company"), company.name),
        ]
        site = self.known.sites.get(placement.site_id) if placement.site_id is not None else None
        return [*facts, (self.label("site"), site)] if site else facts


def _paragraphs(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]
