"""Figures that show what the network does: counting and releasing them, and what everybody reads of them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from itertools import groupby
from typing import Annotated, Any
from uuid import UUID
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import dates
from app.agreements import printing
from app.evidence import catalogue, figures, policies, service
from app.evidence.figures import Way
from app.evidence.models import EvidenceEdition
from app.evidence.policies import Grouping
from app.jobs import service as jobs
from app.jobs.rules import JobKind
from app.network.service_indicators import FIRST_YEAR
from app.web import evidence_words as words
from app.web import language, sheets
from app.web.benefit_words import school_year
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)

MOST_LISTED = 100
HEAD = [
    "indicator", "name", "grouping", "group", "group_name", "told", "value", "unit", "share", "share_low", "share_high",
    "gap", "gap_low", "gap_high", "meaning",
]  # fmt: skip
"""Of the file; `value` is exact or at least so many, as `told` says."""
Refusal = service.DraftExists | service.OverlappingAreas | service.EditionOvertaken


# --- counting and releasing -------------------------------------------------------------------------------------------


@router.get("/coordination/evidence")
def show_editions(view: InView) -> Response:
    """Editions of one's territories, and a form to count another."""
    return _editions(view)


def _editions(view: View, refusal: Refusal | None = None) -> Response:
    found = policies.load(view.settings.policies_folder)
    with view.read() as (session, actor):
        editions = service.search(session, actor, limit=MOST_LISTED)
        territories = service.territories(session, actor)
    return view.show(
        "coordinator/evidence.html", status=409 if refusal else 200, editions=editions, territories=territories,
        policies=found, refusal=refusal and refusal.slug(), this_year=dates.school_year(view.now().date()),
        first_year=FIRST_YEAR, school_year=school_year,
    )  # fmt: skip


@router.post("/coordination/evidence")
def count_edition(
    view: InView,
    territory_id: Annotated[UUID, Form()],
    policy: Annotated[str, Form(max_length=40)],
    year: Annotated[int, Form(ge=FIRST_YEAR, le=2099)],
) -> Response:
    """Begin the job that counts."""
    known = policies.load(view.settings.policies_folder)
    arguments = {"policy": policy, "territory_id": str(territory_id), "start_year": year}
    try:
        with view.write() as (session, actor):
            service.require(session, actor, territory_id, "network:write")
            service.check(session, service.find_policy(known, policy), territory_id, start_year=year)
            job = jobs.start(session, actor, JobKind.EVIDENCE, arguments, now=view.now())
    except (service.DraftExists, service.OverlappingAreas) as refusal:
        return _editions(view, refusal)
    return view.go(f"/jobs/{job.id}")


@router.get("/coordination/evidence/{edition_id}")
def show_edition(view: InView, edition_id: UUID) -> Response:
    """One edition as everybody will read it; a draft with what can be done with it."""
    with view.read() as (session, actor):
        edition = service.read(session, actor, edition_id)
    return _page(view, edition, "/coordination/evidence")


@router.post("/coordination/evidence/{edition_id}/publish")
def publish_edition(view: InView, edition_id: UUID) -> Response:
    """Let everybody read it, for ever."""
    try:
        with view.write() as (session, actor):
            service.release(session, actor, service.for_change(session, actor, edition_id), now=view.now())
    except service.EditionOvertaken as refusal:
        return _editions(view, refusal)
    return view.go(f"/open-data/{edition_id}")


@router.post("/coordination/evidence/{edition_id}/remove")
def remove_edition(view: InView, edition_id: UUID) -> Response:
    """Throw a draft away."""
    with view.write() as (session, actor):
        service.throw_away(session, actor, service.for_change(session, actor, edition_id))
    return view.go("/coordination/evidence")


# --- for everybody ----------------------------------------------------------------------------------------------------


@router.get("/open-data")
def show_open_data(view: InView) -> Response:
    """What has been released, the latest first."""
    with view.open_read() as session:
        editions = service.released(session, limit=MOST_LISTED)
    return view.show("open/data.html", editions=editions, school_year=school_year)


@router.get("/open-data/catalog.jsonld")
def read_catalogue(view: InView) -> Response:
    """The same for catalogues of open data: DCAT-AP_IT."""
    with view.open_read() as session:
        editions = service.released(session, limit=MOST_LISTED)
    now = view.now()
    found = catalogue.catalogue(
        editions, view.settings.public_url, ZoneInfo(view.settings.time_zone), now.date()
    )
    return Response(json.dumps(found, ensure_ascii=False), media_type="application/ld+json")


@router.get("/open-data/{edition_id}")
def show_open_edition(view: InView, edition_id: UUID) -> Response:
    """The report."""
    return _page(view, _released(view, edition_id), "/open-data")


@router.get("/open-data/{edition_id}/figures.csv")
def read_sheet(view: InView, edition_id: UUID, lang: Annotated[str, Query(max_length=2)] = "it") -> Response:  # noqa: ARG001 -- read by the view
    """All figures as a table."""
    edition = _released(view, edition_id)
    return sheets.sheet(_file(edition), HEAD, _rows(view, edition), language="en")


@router.get("/open-data/{edition_id}/figures.json")
def read_figures(view: InView, edition_id: UUID) -> Response:
    """All figures with their definitions: what the digest is of, but for what later editions are counted against."""
    edition = _released(view, edition_id)
    known = {name: edition.content.get(name, {}) for name in ("territory", "policy", "tracks", "lines")}
    found = known | {"start_year": edition.start_year, "number": edition.number, "licence": catalogue.LICENCE}
    return Response(json.dumps(found, ensure_ascii=False), media_type="application/json")


@router.get("/open-data/{edition_id}/report.pdf")
def read_report(view: InView, edition_id: UUID) -> Response:
    """The report as a PDF, or as a page that prints well in an installation without the library."""
    edition = _released(view, edition_id)
    media_type, content = printing.print_all([_paper(view, edition)], now=view.now())
    return Response(content, media_type=media_type)


def _released(view: View, edition_id: UUID) -> EvidenceEdition:
    with view.open_read() as session:
        return service.read_released(session, edition_id)


def _page(view: View, edition: EvidenceEdition, back: str) -> Response:
    return view.show(
        "open/edition.html", edition=edition, back=back, policy=edition.content["policy"],
        territory=edition.content["territory"], tables=_tables(view, edition), facts=_facts(view, edition),
        methods=[view.text(one) for one in words.METHODS],
        school_year=school_year(edition.start_year), licence=catalogue.LICENCE,
    )  # fmt: skip


# --- in words ---------------------------------------------------------------------------------------------------------


def _file(edition: EvidenceEdition) -> str:
    return f"{edition.policy}-{edition.start_year}-{edition.number}"


def _indicators(edition: EvidenceEdition) -> dict[str, Any]:
    return {one["id"]: one for one in edition.content["policy"]["indicators"]}


def _said(view: View, thing: dict[str, Any], prefix: str = "") -> str:
    return str(thing[f"{prefix}{view.language}"])


def _group(view: View, edition: EvidenceEdition, line: dict[str, Any]) -> str:
    areas = {one["id"]: _said(view, one) for one in edition.content["policy"]["areas"]}
    group = line["group"]
    if line["grouping"] == "area" and group in areas:
        return areas[group]
    known = {"area": words.AREA_ELSEWHERE, "school_kind": words.SCHOOL_KINDS, "size": words.SIZES}
    if line["grouping"] == Grouping.TRACK:
        track, _, year = group.rpartition(".")
        return f"{_track(view, edition, track)}, {school_year(int(year))}"
    named = known.get(line["grouping"], {}).get(group)
    if named is not None:
        return view.text(named)
    return school_year(int(group)) if line["grouping"] == "year" else view.text(words.ALL)


def _track(view: View, edition: EvidenceEdition, key: str) -> str:
    return str(edition.content["tracks"].get(key) or view.text(words.OTHER_TRACKS))


def _trends(view: View, edition: EvidenceEdition, lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """A row for each track: what is told of each year, and how much it changes each year, with the interval."""
    told: dict[str, dict[int, dict[str, Any]]] = {}
    for line in lines:
        track, _, year = line["group"].rpartition(".")
        told.setdefault(track, {})[int(year)] = line
    years = sorted({year for of in told.values() for year in of})
    write, rows = language.Writer(view.language), []
    for track in sorted(
        told, key=lambda key: (key not in edition.content["tracks"], _track(view, edition, key))
    ):
        of = told[track]
        there = sorted(of)
        trend = figures.trend_told(of[there[0]]["value"], of[there[-1]]["value"], there[-1] - there[0])
        points = [str(write.number(round(number * 100))) for number in trend or ()]
        rows.append(
            [
                _track(view, edition, track), *(_value(view, of[year]) if year in of else "–" for year in years),
                *([f"{points[0]} %", _between(view, points[1], points[2], " %")] if points else ["–", "–"]),
            ]
        )  # fmt: skip
    head = [view.text(words.HEAD[0]), *map(school_year, years), *(view.text(one) for one in words.TREND)]
    return {"name": view.text(words.GROUPINGS[Grouping.TRACK]), "head": head, "rows": rows, "is_trend": True}


def _value(view: View, line: dict[str, Any]) -> str:
    write = language.Writer(view.language)
    if line["way"] == Way.WITHHELD:
        return view.text(words.WITHHELD)
    if line["way"] == Way.EXACT:
        return str(write.number(line["value"]))
    if not line["value"]:
        return view.text(words.FEWER)
    return view.text(words.AT_LEAST) % {"number": write.number(line["value"])}


def _share(view: View, line: dict[str, Any]) -> list[str]:
    """Share, interval and gap, or dashes."""
    write = language.Writer(view.language)
    share, gap = line["share"], line["gap"]
    if share is None:
        return ["–", "–", "–"]

    def points(number: float) -> str:
        return str(write.number(round(number * 100)))

    told = [f"{points(share['value'])} %", _between(view, points(share["low"]), points(share["high"]), " %")]
    if gap is None:
        return [*told, "–"]
    middle = view.text(words.POINTS) % {"number": points(gap["value"])}
    return [*told, f"{middle} ({_between(view, points(gap['low']), points(gap['high']), '')})"]


def _between(view: View, low: str, high: str, unit: str) -> str:
    return view.text(words.INTERVAL) % {"low": low, "high": high} + unit


def _tables(view: View, edition: EvidenceEdition) -> list[dict[str, Any]]:
    """For each indicator its total, and a table for each grouping."""
    indicators = _indicators(edition)
    found = []
    for indicator_id, of in groupby(edition.content["lines"], lambda line: line["indicator"]):
        total, *others = list(of)
        indicator = indicators[indicator_id]
        head = [view.text(one) for one in words.HEAD[: 5 if indicator["share_of"] is not None else 2]]
        found.append(
            {
                "name": _said(view, indicator), "meaning": _said(view, indicator, "meaning_"),
                "value": _value(view, total), "share": _share(view, total), "has_shares": indicator["share_of"] is not None,
                "of": _said(view, indicators[indicator["share_of"]]) if indicator["share_of"] else "",
                "groups": [
                    _trends(view, edition, lines)
                    if grouping == Grouping.TRACK
                    else {
                        "name": view.text(words.GROUPINGS[grouping]), "head": head, "is_trend": False,
                        "rows": [[_group(view, edition, one), _value(view, one), *_share(view, one)] for one in lines],
                    }
                    for grouping, lines in groupby(others, lambda line: line["grouping"])
                ],
            }
        )  # fmt: skip
    return found


def _rows(view: View, edition: EvidenceEdition) -> Iterable[list[object]]:
    indicators = _indicators(edition)
    for line in edition.content["lines"]:
        indicator = indicators[line["indicator"]]
        shares = [
            None if line[name] is None else line[name][part]
            for name in ("share", "gap")
            for part in ("value", "low", "high")
        ]
        yield [
            line["indicator"], _said(view, indicator), line["grouping"], line["group"], _group(view, edition, line),
            line["way"], line["value"], indicator["unit"], *shares, _said(view, indicator, "meaning_"),
        ]  # fmt: skip


def _facts(view: View, edition: EvidenceEdition) -> list[list[str]]:
    write, policy = language.Writer(view.language), edition.content["policy"]
    values = {
        "territory": edition.content["territory"]["name"], "policy": _said(view, policy),
        "year": school_year(edition.start_year), "number": str(edition.number),
        "counted": write.day(view.local(edition.counted_at).date()),
        "released": write.day(view.local(edition.released_at).date()) if edition.released_at else "–",
        "publisher": policy["publisher"]["name"], "licence": "CC BY 4.0",
    }  # fmt: skip
    return [[view.text(words.FACTS[name]), str(value)] for name, value in values.items()]


def _paper(view: View, edition: EvidenceEdition) -> dict[str, Any]:
    """As the machinery of documents takes it."""
    head = [view.text(one) for one in words.HEAD]
    sections = [_section(view.text(words.WHO), facts=_facts(view, edition))]
    for one in _tables(view, edition):
        width = 5 if one["has_shares"] else 2
        rows = [row[:width] for group in one["groups"] if not group["is_trend"] for row in group["rows"]]
        total = [view.text(words.ALL), one["value"], *one["share"]][:width]
        sections.append(
            _section(
                one["name"], paragraphs=[one["meaning"]], table={"head": head[:width], "rows": [total, *rows]}
            )
        )
        sections += [
            _section(f"{one['name']}, {group['name']}", table={"head": group["head"], "rows": group["rows"]})
            for group in one["groups"]
            if group["is_trend"]
        ]
    sections.append(_section(view.text(words.METHOD), items=[view.text(one) for one in words.METHODS]))
    return {
        "lang": view.language, "title": view.text(words.TITLE), "sections": sections, "signatures": None, "footer": "",
    }  # fmt: skip


def _section(heading: str, **parts: Any) -> dict[str, Any]:
    return {"heading": heading, "facts": [], "paragraphs": [], "items": [], "table": None} | parts
