"""How many students the tutors of hosts can still follow, counted alike by every way of promising a host's seat.

Tutors follow internships. What a host is known to have is the people who may sign in for it: where nobody may, nobody is
counted. Whoever promises locks the host first, so that two who do it at once do not count on the same tutor.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import dates, errors
from app.applications import rules
from app.applications.models import Application
from app.auth.actors import AT_COMPANY
from app.auth.models import Membership, User
from app.companies.models import Company
from app.laws import rules as laws
from app.laws import service as law_service
from app.laws.models import HostSafety, LawRule, Severity
from app.opportunities.models import Kind, Opportunity
from app.placements import rules as placements
from app.placements.models import Placement, Risk

Span = tuple[date, date]


class TutorsFull(errors.Conflict):
    """The tutors on whom somebody has counted follow others by now, or as many as the law lets them."""

    title = "The tutors cannot follow so many"


@dataclass(frozen=True, slots=True)
class Hosts:
    """What is known of some hosts, read once. `follows` has the tutor, if there is one already, and the days of each student."""

    table: Sequence[LawRule]
    tutors: Mapping[UUID, Collection[UUID]]
    risks: Mapping[UUID, Risk | None]
    follows: Mapping[UUID, Sequence[tuple[UUID | None, Span]]]

    def free(self, company_id: UUID, days: Span) -> int | None:
        """How many more students its tutors can follow on these days; None where nothing limits them."""
        risk = self.risks.get(company_id) or Risk.LOW
        most = laws.most_per_host_tutor(self.table, days[0], [risk], among=frozenset({Severity.FORBIDS}))
        if most is None or company_id not in self.tutors:
            return None
        most_of = dict.fromkeys(self.tutors[company_id], most)
        by_tutor: defaultdict[UUID | None, list[Span]] = defaultdict(list)
        for user_id, span in self.follows.get(company_id, ()):
            by_tutor[user_id if user_id in most_of else None].append(span)
        return left(most_of, {one: dates.busiest(spans, days) for one, spans in by_tutor.items()})


def left(most: Mapping[UUID, int], follows: Mapping[UUID | None, int]) -> int:
    """How many more they can follow together, when each already follows some, and some are followed by nobody yet.

    Who follows more than there may be takes nothing from the others.

    >>> anna, bruno = UUID(int=1), UUID(int=2)
    >>> left({anna: 5, bruno: 5}, {anna: 7, bruno: 1, None: 1})
    3
    """
    free = sum(max(0, most[one] - follows.get(one, 0)) for one in most)
    others = sum(count for one, count in follows.items() if one not in most)
    return max(0, free - others)


def read(session: Session, companies: Collection[UUID], *, besides_round: UUID | None = None) -> Hosts:
    """Some hosts, without the students whom a round has brought; five statements for any number."""
    people = session.execute(
        sa.select(Membership.company_id, User.id)
        .join(User, User.id == Membership.user_id)
        .where(Membership.company_id.in_(companies), Membership.role.in_(AT_COMPANY), User.is_active)
    )
    tutors: dict[UUID, set[UUID]] = {}
    for company_id, user_id in people:
        if company_id is not None:  # for the type checker
            tutors.setdefault(company_id, set()).add(user_id)
    risks = session.execute(
        sa.select(HostSafety.company_id, HostSafety.risk).where(HostSafety.company_id.in_(tutors))
    )
    return Hosts(
        law_service.table(session),
        tutors,
        {row.company_id: row.risk for row in risks},
        _follows(session, tutors, besides_round),
    )


def _follows(
    session: Session, companies: Collection[UUID], besides_round: UUID | None
) -> Mapping[UUID, list[tuple[UUID | None, Span]]]:
    of_placements = sa.select(
        Placement.company_id, Placement.host_tutor_id, Placement.starts_on, Placement.ends_on
    ).where(Placement.company_id.in_(companies), Placement.state.in_(placements.OPEN))
    of_applications = sa.select(
        Application.company_id, sa.null(), Application.starts_on, Application.ends_on
    ).where(Application.company_id.in_(companies), Application.state.in_(rules.HOLDS_SEAT))
    if besides_round is not None:
        of_placements = of_placements.where(Placement.id.not_in(placements_of(besides_round)))
        of_applications = of_applications.where(Application.round_id.is_distinct_from(besides_round))
    found: defaultdict[UUID, list[tuple[UUID | None, Span]]] = defaultdict(list)
    for query in (of_placements, of_applications):
        for company_id, user_id, starts_on, ends_on in session.execute(query):
            found[company_id].append((user_id, (starts_on, ends_on)))
    return found


def placements_of(round_id: UUID) -> sa.Select[UUID | None]:
    """The placements that a round has brought."""
    return sa.select(Application.placement_id).where(
        Application.round_id == round_id, Application.placement_id.is_not(None)
    )


# --- promising --------------------------------------------------------------------------------------------------------


def lock(session: Session, companies: Collection[UUID]) -> dict[UUID, str]:
    """The names of hosts, which nobody else locks until the block ends. Before students and opportunities, by id."""
    query = sa.select(Company.id, Company.name).where(Company.id.in_(companies)).order_by(Company.id)
    return {row.id: row.name for row in session.execute(query.with_for_update(key_share=True))}


def require_room(session: Session, application: Application) -> None:
    """Make sure that somebody can follow one more student of a host, which is locked. Raises TutorsFull."""
    if session.get_one(Opportunity, application.opportunity_id).kind is not Kind.INTERNSHIP:
        return
    hosts = read(session, [application.company_id])
    free = hosts.free(application.company_id, (application.starts_on, application.ends_on))
    if free is not None and free < 1:
        raise TutorsFull(
            "The host's tutors follow as many students on these days as the law lets them. Somebody else who works there"
            " can be a tutor too."
        )
