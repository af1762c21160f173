"""The portfolio of events for who coordinates: calendar and map, what clashes, what is missing, whom to ask next."""

from __future__ import annotations

from typing import Annotated, Literal
from urllib.parse import urlencode

import sqlalchemy as sa
from fastapi import APIRouter, Query
from sqlalchemy.orm import Session
from starlette.responses import Response

from app.actors import portfolio, service_portfolio
from app.actors.rules import District, Priority
from app.actors.service_portfolio import Portfolio
from app.dates import Day
from app.rest import IstatCode
from app.skills.models import SkillLabel
from app.web import actor_words, maps, sheets
from app.web.ui import InView, View

router = APIRouter(prefix="/coordination", include_in_schema=False)

SHOWN = 10
"""Entries of a list before one asks for all."""
FirstDay = Annotated[Day | Literal[""], Query()]


def _read(view: View, first: FirstDay, last: FirstDay) -> tuple[Portfolio, dict[str, str]]:
    """The portfolio, and what its topics are called."""
    now = view.now()
    days = portfolio.span(first or None, last or None, now.date())
    with view.read() as (session, actor):
        question = service_portfolio.ask(
            session, actor, days=days, most=view.settings.contacts_per_month, now=now
        )
        topics = {topic for one in question.sessions for topic in one.topics}
        labels = _labels(session, topics, view.language)
    return service_portfolio.look(question), labels


def _labels(session: Session, topics: set[str], language: str) -> dict[str, str]:
    rows = session.execute(
        sa.select(SkillLabel.skill_id, SkillLabel.label).where(
            SkillLabel.skill_id.in_(topics), SkillLabel.language == language, SkillLabel.rank == 0
        )
    )
    return {row[0]: row[1] for row in rows}


@router.get("/portfolio")
def show_portfolio(
    view: InView,
    first: FirstDay = "",
    last: FirstDay = "",
    place: Annotated[IstatCode | Literal[""], Query()] = "",
    show: Literal["all"] | None = None,
) -> Response:
    """The events of some days by week and on a map, and everything in them that needs somebody."""
    found, labels = _read(view, first, last)
    address = {"first": found.days[0].isoformat(), "last": found.days[1].isoformat()}
    points = [
        maps.Point(
            spot.name, f"/coordination/portfolio?{urlencode(address | {'place': spot.istat})}#weeks",
            spot.latitude, spot.longitude, spot.sessions, tone="visit",
        )
        for spot in found.spots
    ]  # fmt: skip
    names = _names(view, found)
    here = [one for one in found.sessions if place in ("", one.municipality_istat)]
    return view.show(
        "coordinator/portfolio.html",
        found=found,
        weeks=portfolio.weeks(here),
        place=next((spot.name for spot in found.spots if spot.istat == place), ""),
        points=points,
        provinces={spot.province_code for spot in found.spots},
        labels=labels,
        names=names,
        said=lambda ground: view.text(actor_words.GROUNDS[ground.why]) % {"key": names.get(ground.key, "")},
        fillings=actor_words.FILLINGS,
        most=None if show else SHOWN,
    )


def _names(view: View, found: Portfolio) -> dict[str, str]:
    """What districts, priority areas, programmes and municipalities are called, by key."""
    is_it, areas = view.language == "it", found.areas
    parts: list[District | Priority] = [*areas.districts, *areas.priorities]
    return (
        {spot.istat: spot.name for spot in found.spots}
        | {one.key: one.it if is_it else one.en for one in parts}
        | {one: title[view.language] for one, title in found.titles.items()}
    )


@router.get("/portfolio.csv")
def read_portfolio_sheet(view: InView, first: FirstDay = "", last: FirstDay = "") -> Response:
    """The sessions for a spreadsheet."""
    found, labels = _read(view, first, last)
    head = [
        "starts_at",
        "title",
        "company",
        "municipality_istat",
        "place",
        "topics",
        "seats",
        "seats_taken",
        "waiting",
    ]
    rows = (
        (
            one.starts_at.isoformat(timespec="minutes"), one.title, one.company, one.municipality_istat, one.place,
            ", ".join(sorted(labels.get(topic, topic) for topic in one.topics)), one.seats, one.seats_taken, one.waiting,
        )
        for one in found.sessions
    )  # fmt: skip
    return sheets.sheet("portfolio", head, rows, language=view.language)


@router.get("/portfolio/series.csv")
def read_series_sheet(view: InView, first: FirstDay = "", last: FirstDay = "") -> Response:
    """The series for a spreadsheet, with the ids of whom to ask."""
    found, _ = _read(view, first, last)
    head = [
        "series_id", "series", "filling", "sessions", "seats", "seats_taken", "waiting", "attended_at_least", "districts_lacking",
        "companies_to_ask",
    ]  # fmt: skip
    rows = (
        (
            one.series.id or "", one.series.it if view.language == "it" else one.series.en, one.filling, one.sessions,
            one.seats, one.seats_taken, one.waiting, one.attended, " ".join(one.lacking),
            " ".join(str(each.candidate.company_id) for each in one.suggestions),
        )
        for one in found.series
    )  # fmt: skip
    return sheets.sheet("portfolio-series", head, rows, language=view.language)
