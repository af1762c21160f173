"""From the form that counts to what everybody reads; and what became of a student, said and taken back."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from pypdf import PdfReader

from app.commands.working import HANDLERS
from app.evidence import catalogue
from app.evidence.models import Enrolment, EvidenceEdition, ReportedOutcome
from app.jobs import service_running
from app.placements.models import Placement, State
from app.schools.models import SchoolClass
from app.settings import Settings
from app.web.evidence import HEAD
from tests.factories import NOW, TODAY, Factory
from tests.web.territory import Territory

MANDATORY = {
    "dcat:Catalog": {"dct:title", "dct:description", "dct:publisher", "dct:modified", "dcat:dataset"},
    "dcat:Dataset": {
        "dct:identifier", "dct:title", "dct:description", "dct:modified", "dcat:theme", "dct:rightsHolder",
        "dct:accrualPeriodicity", "dcat:distribution",
    },
    "dcat:Distribution": {"dct:format", "dcat:accessURL", "dct:license"},
    "foaf:Agent": {"dct:identifier", "foaf:name"},
    "dct:LicenseDocument": {"dct:type", "foaf:name"},
}  # fmt: skip
"""What the profile asks for."""


def fill(make: Factory, land: Territory) -> None:
    """Enough students for shares."""
    school_class = make.get(SchoolClass, land.class_id)
    assert school_class is not None
    offer = make.opportunity()
    for number in range(34):
        student = make.student(school_class)
        if number < 20:
            make.placement(student, offer, starts_on=TODAY)
    for year, students in ((2023, 100), (2024, 121), (2025, 144)):
        make.add(Enrolment(school_id=land.school_id, start_year=year, track="Meccanica", students=students))


def test_an_edition_from_the_count_to_what_everybody_reads(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    fill(make, land)
    client, everybody = visit("coordinator"), visit(None)
    assert "I risultati da mostrare" in client.get("/coordination").text
    form = {"territory_id": str(land.territory_id), "policy": "network", "year": "2025"}
    assert client.post("/coordination/evidence", data=form | {"policy": "none"}).status_code == 422
    started = client.post("/coordination/evidence", data=form)
    assert started.status_code == 303
    assert started.headers["location"].startswith("/jobs/")
    assert service_running.run_next(HANDLERS, Settings(), make.database, lambda: NOW) is not None
    with make.database.read() as session:
        edition = session.scalars(sa.select(EvidenceEdition)).one()
    path, told = f"/coordination/evidence/{edition.id}", f"/open-data/{edition.id}"
    assert "Bozza" in client.get("/coordination/evidence").text
    assert "Pubblica per tutti" in client.get(path).text
    for one in ("", "/figures.csv", "/figures.json", "/report.pdf"):
        assert everybody.get(f"{told}{one}").status_code == 404
    again = client.post("/coordination/evidence", data=form)
    assert again.status_code == 409
    assert "già una bozza" in again.text
    assert client.post(f"{path}/publish").headers["location"] == told
    assert client.post(f"{path}/remove").status_code == 409

    page = everybody.get(told).text
    assert "Pubblica per tutti" not in page
    assert "almeno 20" in page
    assert "Per indirizzo e anno" in page
    assert "Ogni anno" in page
    assert "da 2 a 36 %" in " ".join(page.split())
    assert told in everybody.get("/open-data").text
    rows = list(csv.DictReader(io.StringIO(everybody.get(f"{told}/figures.csv").content.decode("utf-8-sig"))))
    assert list(rows[0]) == HEAD
    placed = next(one for one in rows if (one["indicator"], one["group"]) == ("placed", ""))
    assert (placed["told"], placed["value"], placed["name"]) == (
        "at_least",
        "20",
        "Studenti con un tirocinio",
    )
    assert float(placed["share_low"]) < 20 / 36 < float(placed["share_high"])
    figures = everybody.get(f"{told}/figures.json").json()
    assert len(figures["lines"]) == len(rows)
    text = "\n".join(one.extract_text() for one in PdfReader(io.BytesIO(everybody.get(f"{told}/report.pdf").content)).pages)  # fmt: skip
    assert "Studenti con un tirocinio" in text
    english = everybody.get(told, params={"lang": "en"}).text
    assert "Students with an internship" in english
    assert "at least 20" in english
    require_metadata(json.loads(everybody.get("/open-data/catalog.jsonld").text))


def require_metadata(found: dict[str, Any]) -> None:
    """Whether the catalogue has what the profile asks for, and leads nowhere else."""
    known = {one["@id"] for one in found["@graph"]}
    kinds = {kind for one in found["@graph"] for kind in one["@type"]}
    assert kinds >= MANDATORY.keys()
    for one in found["@graph"]:
        for kind in MANDATORY.keys() & set(one["@type"]):
            assert all(one.get(name) for name in MANDATORY[kind]), (kind, one)
        prefixes = {name.partition(":")[0] for name in one if not name.startswith("@")}
        assert prefixes <= catalogue.CONTEXT.keys()
        for part in one.get("dcat:distribution", []):
            assert part["@id"] in known


def test_what_became_of_a_student_is_said_and_taken_back(
    visit: Callable[..., Any], land: Territory, make: Factory
) -> None:
    with make.database.write() as session:
        placement = session.get_one(Placement, land.closing_id)
        path, student_id = f"/placements/{placement.id}", placement.student_id
    teacher = visit("teacher")
    page = teacher.get(path).text
    assert "Senza un sì non scrivere niente" in page
    good = {"outcome": "contract", "agreed_on": TODAY.isoformat(), "version": "0"}
    for bad, words in (
        ({"agreed_on": ""}, "inizio del tirocinio a oggi"),
        ({"agreed_on": (TODAY + timedelta(days=1)).isoformat()}, "inizio del tirocinio a oggi"),
        ({"outcome": "riches"}, "Che cosa è venuto dopo"),
    ):
        answer = teacher.post(f"{path}/outcome", data=good | bad)
        assert answer.status_code == 422
        assert words in answer.text
    assert teacher.post(f"{path}/outcome", data=good | {"version": "3"}).status_code == 409
    assert teacher.post(f"{path}/outcome", data=good).status_code == 303
    assert "Un contratto di lavoro" in visit("company").get(path).text
    assert placement.state is State.CLOSING
    who = "student" if student_id == land.student_id else "classmate"
    student = visit(who)
    assert "mai il tuo nome" in student.get(path).text
    assert student.post(f"{path}/outcome", data=good | {"version": "1"}).status_code == 403
    assert student.post(f"{path}/outcome/remove").status_code == 303
    with make.database.read() as session:
        assert session.get(ReportedOutcome, land.closing_id) is None
