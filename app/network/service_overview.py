"""What needs the coordinator: one number for each list, and the companies whose clock runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.companies import service_review as review
from app.companies.models import Company
from app.matches.survey import Surveyor
from app.network import rules, service, service_companies, service_gaps
from app.network.rules import Standing, Thresholds
from app.network.service import Territory
from app.network.service_gaps import CallsQuestion, Choices, Uncalled

MOST_WAITING = 200


@dataclass(frozen=True, slots=True)
class OverviewQuestion:
    """What the overview is made of."""

    calls: CallsQuestion
    choices: Choices
    waiting: Sequence[Company]
    standings: Mapping[Standing, int]
    today: date


class Overview(NamedTuple):
    """Companies that wait, and how many of them for too long; companies by standing; what few want; students as `rules.told`."""

    waiting: int
    late: int
    standings: Mapping[Standing, int]
    unwanted: int
    nobody_fits: int
    students: Uncalled


def ask(
    session: Session, actor: Actor, surveyor: Surveyor, *, now: datetime, thresholds: Thresholds
) -> OverviewQuestion:
    """Take what the overview needs. Raises NotYourNetwork."""
    calls = service_gaps.ask_for_calls(session, actor, surveyor, now=now)
    lines = service_companies.stand(session, actor, now=now, thresholds=thresholds)
    waiting = review.waiting(session, actor, limit=MOST_WAITING)
    choices = service_gaps.ask_for_choices(session, now=now)
    return OverviewQuestion(calls, choices, waiting, service_companies.count(lines), now.date())


def show(territory: Territory, question: OverviewQuestion, *, students_per_seat: int) -> Overview:
    """The overview; outside of any block."""
    few = service_gaps.unwanted(territory, question.choices, students_per_seat=students_per_seat)
    return Overview(
        len(question.waiting),
        sum(one.answer_due_on < question.today for one in question.waiting),
        question.standings,
        len(few),
        sum(one.fitting < rules.LEAST for one in few),
        service_gaps.calls(territory, question.calls.asked_for).total,
    )


def look(surveyor: Surveyor, question: OverviewQuestion) -> Territory:
    """The survey, cut down to the territory; outside of any block."""
    return service.look(surveyor, question.calls.territory)
