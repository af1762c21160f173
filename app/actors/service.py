"""The directory of actors: schools and companies as they stand in their own tables, with what each did in a year."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, errors
from app.actors import rules, service_areas, service_ties
from app.actors.rules import ActorKind, Areas, Doing, NamedTie, NetworkActor, TieKind, TieOrder, Wanted
from app.actors.service_ties import Activity
from app.auth.actors import Actor
from app.companies import access, sectors
from app.companies.models import Company, CompanySector, CompanySite
from app.network import service as network
from app.network.models import CompanyNote
from app.network.rules import told
from app.opportunities.models import Opportunity
from app.places.models import Municipality
from app.schools.models import School


class NoSuchActor(errors.NotFound):
    """No actor of the territory has this id."""

    title = "No such actor"


@dataclass(frozen=True, slots=True)
class Directory:
    """All actors of a territory by name, how it is divided, and what they did with each other in a school year."""

    start_year: int
    actors: tuple[NetworkActor, ...]
    areas: Areas
    activity: Activity

    def find(self, wanted: Wanted) -> list[NetworkActor]:
        """Those that pass what is asked."""
        return [one for one in self.actors if rules.is_wanted(one, wanted)]

    def by_id(self) -> Mapping[UUID, NetworkActor]:
        """The same, to look one up."""
        return {one.id: one for one in self.actors}

    def ties(
        self, order: TieOrder = TieOrder.STRENGTH, *, of: UUID | None = None, kind: TieKind | None = None
    ) -> list[NamedTie]:
        """Who is tied to whom, or to one of them, in any way or in one."""
        by_id = self.by_id()
        return rules.ordered(
            (
                NamedTie(tie, by_id[tie.school_id].name, by_id[tie.company_id].name)
                for tie in self.activity.ties
                if of in (None, tie.school_id, tie.company_id) and (kind is None or kind in tie.kinds)
            ),
            order,
        )

    def alone(self) -> list[NetworkActor]:
        """Those who did nothing with anybody."""
        return self.find(Wanted(doing=Doing.ALONE))

    def read(self, actor_id: UUID) -> NetworkActor:
        """One of them. Raises NoSuchActor."""
        found = self.by_id().get(actor_id)
        if found is None:
            raise NoSuchActor
        return found


def read(session: Session, actor: Actor, *, start_year: int | None, now: datetime) -> Directory:
    """The directory of the actor's territory in a school year; this one for None. Raises NotYourNetwork.

    As many queries for one actor as for many.
    """
    network.require(actor)
    year = dates.school_year(now.date()) if start_year is None else start_year
    areas = service_areas.of_actor(session, actor)
    activity = service_ties.activity(session, actor, start_year=year, now=now)
    found = [
        *_schools(session, actor, areas, activity, now.date()),
        *_companies(session, actor, areas, activity, year, now),
    ]
    return Directory(
        year, tuple(sorted(found, key=lambda one: (one.name.casefold(), one.id))), areas, activity
    )


def _schools(
    session: Session, actor: Actor, areas: Areas, activity: Activity, today: date
) -> list[NetworkActor]:
    """Schools of the territory. What they booked are their visits; nobody says in which sector they are."""
    here = network.schools_of(actor).with_only_columns(School.id)
    rows = session.execute(
        sa.select(School.id, School.name, Municipality.istat, Municipality.name, Municipality.province_code)
        .outerjoin(Municipality, Municipality.istat == School.municipality_istat)
        .where(School.id.in_(here))
    )
    visits: dict[UUID, int] = defaultdict(int)
    for tie in activity.ties:
        visits[tie.school_id] += tie.visits
    partners = activity.partners()
    found = []
    for school_id, name, istat, place, province in rows:
        districts = areas.districts_of([istat])
        found.append(
            NetworkActor(
                school_id, ActorKind.SCHOOL, name, istat, place and f"{place} ({province})", districts, frozenset(),
                areas.priorities_of(districts, (), today), 0, visits[school_id],
                told(activity.placed.get(school_id, 0)), school_id in activity.placed, partners.get(school_id, 0), None,
            )
        )  # fmt: skip
    return found


def _companies(
    session: Session, actor: Actor, areas: Areas, activity: Activity, year: int, now: datetime
) -> list[NetworkActor]:
    """Approved hosts of the territory, with what they published in the year; the main site says where they are."""
    overseen = sa.and_(Company.is_approved, access.is_overseen(actor, Company.__table__.c.id))
    first, last = dates.moments(dates.days_of_school_year(year), now.tzinfo)
    published = (
        sa.select(sa.func.count())
        .where(
            Opportunity.company_id == Company.id, Opportunity.published_at >= first, Opportunity.published_at < last
        )
        .correlate(Company)
        .scalar_subquery()
    )  # fmt: skip
    noted_at = (
        sa.select(sa.func.max(CompanyNote.written_at))
        .where(CompanyNote.company_id == Company.id)
        .correlate(Company)
        .scalar_subquery()
    )
    rows = session.execute(
        sa.select(Company.id, Company.name, Company.kind, published, noted_at).where(overseen)
    ).all()
    chosen = sa.select(Company.id).where(overseen)
    places, divisions = places_of(session, chosen), divisions_of(session, chosen)
    partners, found = activity.partners(), []
    for company_id, name, kind, offered, noted in rows:
        istats = [istat for istat, _ in places.get(company_id, ())]
        districts, in_sectors = areas.districts_of(istats), areas.sectors_of(divisions.get(company_id, ()))
        found.append(
            NetworkActor(
                company_id, ActorKind(kind), name, istats[0] if istats else None,
                places[company_id][0][1] if istats else None, districts, in_sectors,
                areas.priorities_of(districts, in_sectors, now.date()), offered,
                activity.sessions.get(company_id, 0), told(activity.placed.get(company_id, 0)),
                company_id in activity.placed, partners.get(company_id, 0),
                noted and noted.astimezone(now.tzinfo).date(),
            )
        )  # fmt: skip
    return found


def places_of(session: Session, chosen: sa.Select[UUID]) -> Mapping[UUID, list[tuple[str, str]]]:
    """ISTAT code and name of the municipalities of each company's sites, the main one first."""
    rows = session.execute(
        sa.select(CompanySite.company_id, Municipality.istat, Municipality.name, Municipality.province_code)
        .join(Municipality, Municipality.istat == CompanySite.municipality_istat)
        .where(CompanySite.company_id.in_(chosen))
        .order_by(CompanySite.is_main.desc(), Municipality.name, CompanySite.id)
    )
    found: dict[UUID, list[tuple[str, str]]] = defaultdict(list)
    for company_id, istat, name, province in rows:
        found[company_id].append((istat, f"{name} ({province})"))
    return found


def divisions_of(session: Session, chosen: sa.Select[UUID]) -> Mapping[UUID, Collection[str]]:
    """The divisions of each company's codes, each with its edition; a section, a letter, has none."""
    rows: Any = session.execute(
        sa.select(CompanySector.company_id, CompanySector.ateco_edition, CompanySector.ateco_code).where(
            CompanySector.company_id.in_(chosen)
        )
    )
    found: dict[UUID, set[str]] = defaultdict(set)
    for company_id, edition, code in rows:
        if code[0].isdigit():
            found[company_id].add(f"{edition}-{sectors.division(code)}")
    return found
