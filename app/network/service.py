"""The survey of an actor's territory: what stands open there, and the students of its schools, to be counted.

`ask` runs inside a read block, `look` outside of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import errors
from app.auth import service as auth
from app.auth.actors import Actor
from app.matches.survey import Surveyed, Surveyor, SurveyQuestion
from app.network import rules
from app.opportunities import access
from app.opportunities.models import Kind, Opportunity, Status
from app.places.models import Municipality
from app.programmes import service as programmes
from app.schools.models import School
from app.students.profiles import Profile

Numbers = npt.NDArray[np.intp]


class NotYourNetwork(errors.NotAllowed):
    """The figures of a territory are for those who coordinate it."""

    title = "Only for coordinators and administrators"


class Place(NamedTuple):
    """A municipality; degrees are those of its town (WGS 84)."""

    name: str
    province_code: str
    latitude: float
    longitude: float


@dataclass(frozen=True, slots=True)
class Question:
    """The survey, and what of it is in the actor's territory: where each opportunity is, and which schools."""

    survey: SurveyQuestion
    offers: Mapping[str, str | None]
    schools: Mapping[UUID, str]
    places: Mapping[str, Place]
    titles: Mapping[str, dict[str, str]]
    provinces: frozenset[str]


@dataclass(frozen=True, slots=True)
class Territory:
    """The survey of a territory: `students` are its lines there, `offers` its columns there."""

    surveyed: Surveyed
    question: Question
    students: Numbers
    offers: Numbers

    def profile(self, line: int) -> Profile:
        """The student of a line."""
        return self.surveyed.profiles[line]

    def opportunity(self, column: int) -> Any:
        """The opportunity of a column, as the engine knows it."""
        return self.surveyed.tables.opportunities[column]

    def of_kind(self, kind: Kind | None) -> Numbers:
        """The columns of one kind."""
        if kind is None:
            return self.offers
        return np.array([one for one in self.offers if self.opportunity(one).kind == kind], np.intp)


def require(actor: Actor, scope: str = "network:read") -> None:
    """Refuse whoever coordinates nothing. Raises NotYourNetwork."""
    auth.require_scope(actor, scope)
    if not rules.can_see_network(actor):
        raise NotYourNetwork


def ask(session: Session, actor: Actor, surveyor: Surveyor) -> Question:
    """Take what counting in the actor's territory needs. Raises NotYourNetwork."""
    require(actor)
    question = surveyor.ask(session)
    offers = session.execute(
        sa.select(Opportunity.id, Opportunity.municipality_istat).where(
            Opportunity.status == Status.PUBLISHED, access.overseen_by(actor)
        )
    )
    located = {str(offer_id): istat for offer_id, istat in offers}
    schools = dict(session.execute(schools_of(actor)).tuples().all())
    profiles = [known.profile for known in question.students if known.profile.school_id in schools]
    istats = {profile.municipality_istat for profile in profiles} | {one for one in located.values() if one}
    one = Municipality
    places = {
        row[0]: Place(*row[1:])
        for row in session.execute(
            sa.select(one.istat, one.name, one.province_code, one.latitude, one.longitude).where(
                one.istat.in_(istats)
            )
        )
    }
    titles = programmes.titles(session, {title for profile in profiles for title in profile.programmes})
    provinces = actor.provinces or frozenset(place.province_code for place in places.values())
    return Question(question, located, schools, places, titles, provinces)


def schools_of(actor: Actor) -> sa.Select[UUID, str]:
    """Id and name of the schools in the actor's territory."""
    found = sa.select(School.id, School.name)
    if actor.is_administrator:
        return found
    here = School.municipality_istat == Municipality.istat
    return found.join(Municipality, here).where(Municipality.province_code.in_(actor.provinces))


def look(surveyor: Surveyor, question: Question) -> Territory:
    """The survey, cut down to the territory."""
    surveyed = surveyor.look(question.survey)
    students = [line for line, one in enumerate(surveyed.profiles) if one.school_id in question.schools]
    columns = [
        column for column, one in enumerate(surveyed.tables.opportunities) if _is_open(one, question.offers)
    ]
    return Territory(surveyed, question, np.array(students, np.intp), np.array(columns, np.intp))


def _is_open(opportunity: Any, offers: Mapping[str, str | None]) -> bool:
    return opportunity.id in offers and opportunity.seats_free > 0
