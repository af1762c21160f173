"""The directory and who works with whom: out of what really happened, within the territory, with no few students told."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from starlette.testclient import TestClient

from app.actors import service
from app.actors.rules import ActorKind, Doing, NamedTie, Tie, TieKind, TieOrder, Wanted, ordered
from app.actors.service import Directory, NoSuchActor
from app.auth.actors import Actor, Role
from app.companies.models import CompanyKind
from app.network.models import CompanyNote
from tests.app.actors.conftest import book, host, protocol, visit
from tests.factories import NOW, Factory
from tests.queries import count_queries


def read(make: Factory, actor: Actor, year: int | None = None) -> Directory:
    with make.database.read() as session:
        return service.read(session, actor, start_year=year, now=NOW)


def test_what_each_actor_does_in_the_year(make: Factory, silvia: Actor) -> None:
    school_class = make.school_class(make.school(name="Aldini", municipality_istat="037006"))
    reno, savena = host(make, "Reno"), host(make, "Savena", "037032", "62.01", kind=CompanyKind.LAB)
    host(make, "Idice", code="C")  # a section has no division
    host(make, "Waiting", is_approved=False)
    offer = make.opportunity(reno)
    for student in [make.student(school_class) for _ in range(6)]:
        make.placement(student, offer)
    make.placement(make.student(school_class), make.opportunity(savena))
    make.placement(make.student(school_class), offer, starts_on=date(2024, 10, 1))  # another year's
    _, (near, far) = visit(make, savena, 3, 4)
    book(make, near, school_class)
    book(make, far, school_class, state="waiting", due_at=NOW)
    make.add(CompanyNote(company_id=reno.id, text="Sentiti.", written_at=NOW, written_by="user:x"))

    found = read(make, silvia)
    told = {
        one.name: (one.kind, sorted(one.districts), sorted(one.sectors), sorted(one.priorities))
        for one in found.actors
    }
    assert told == {
        "Aldini": (ActorKind.SCHOOL, ["centro"], [], []),
        "Idice": (ActorKind.FIRM, ["centro"], [], []),
        "Reno": (ActorKind.FIRM, ["centro"], ["machines"], ["plc"]),
        "Savena": (ActorKind.LAB, ["imola"], [], []),
    }
    done = {
        one.name: (one.offered, one.visits, one.placements, one.has_placements, one.partners, one.noted_on)
        for one in found.actors
    }
    assert done == {
        "Aldini": (0, 1, 5, True, 2, None),  # seven students, in steps of five
        "Idice": (0, 0, 0, False, 0, None),
        "Reno": (1, 0, 5, True, 1, NOW.date()),
        "Savena": (2, 2, 0, True, 1, None),  # fewer than five
    }
    assert [(one.school, one.company, one.tie.visits, one.tie.placements) for one in found.ties()] == [
        ("Aldini", "Savena", 1, 0), ("Aldini", "Reno", 0, 5),
    ]  # fmt: skip
    assert [one.name for one in found.alone()] == ["Idice"]
    assert [one.tie.placements for one in read(make, silvia, 2024).ties()] == [0]
    assert [one.company for one in found.ties(of=savena.id)] == ["Savena"]


@pytest.mark.parametrize(
    ("wanted", "names"),
    [
        (Wanted(), ["Aldini", "Reno", "Savena"]),
        (Wanted(q="IMOLA sav"), ["Savena"]),
        (Wanted(kind=ActorKind.SCHOOL), ["Aldini"]),
        (Wanted(district="imola"), ["Savena"]),
        (Wanted(sector="machines"), ["Reno", "Savena"]),
        (Wanted(priority="plc"), ["Reno"]),
        (Wanted(doing=Doing.TOGETHER), ["Aldini", "Reno"]),
        (Wanted(doing=Doing.ALONE, kind=ActorKind.SCHOOL), []),
        (Wanted(district="elsewhere"), []),
    ],
)
def test_filters_leave_who_passes_all(make: Factory, silvia: Actor, wanted: Wanted, names: list[str]) -> None:
    school = make.school(name="Aldini", municipality_istat="037006")
    reno = host(make, "Reno")
    host(make, "Savena", "037032")
    make.agreement(school, reno, state="in_force")
    assert [one.name for one in read(make, silvia).find(wanted)] == names


@pytest.mark.parametrize(
    ("state", "days", "is_tie"),
    [
        ("in_force", {}, True),
        ("draft", {}, False),
        ("expired", {"valid_from": date(2024, 9, 1), "valid_until": date(2025, 8, 31)}, False),
        ("expired", {"valid_from": date(2024, 9, 1), "valid_until": date(2025, 9, 1)}, True),
    ],
)
def test_an_agreement_ties_in_the_years_in_which_it_holds(
    make: Factory, silvia: Actor, state: str, days: dict[str, Any], is_tie: bool
) -> None:
    make.agreement(make.school(municipality_istat="037006"), host(make, "Reno"), state=state, **days)
    assert [one.tie.agreements for one in read(make, silvia).ties()] == [1] * is_tie


@pytest.mark.parametrize(
    ("signed_on", "valid_until", "is_tie"),
    [
        (date(2025, 10, 1), None, True),
        (date(2024, 10, 1), date(2025, 9, 1), True),
        (date(2024, 10, 1), date(2025, 8, 31), False),
        (date(2026, 9, 1), None, False),
    ],
)
def test_a_protocol_ties_apart_from_what_is_done(
    make: Factory, silvia: Actor, signed_on: date, valid_until: date | None, is_tie: bool
) -> None:
    aldini, reno = make.school(name="Aldini", municipality_istat="037006"), host(make, "Reno")
    savena = host(make, "Savena")
    make.agreement(aldini, savena, state="in_force")
    protocol(make, [aldini.id], [reno.id, savena.id], signed_on=signed_on, valid_until=valid_until)
    found = read(make, silvia)
    assert {one.company: one.tie.kinds for one in found.ties()} == {
        "Savena": (TieKind.AGREEMENTS, TieKind.PROTOCOL) if is_tie else (TieKind.AGREEMENTS,),
        **({"Reno": (TieKind.PROTOCOL,)} if is_tie else {}),
    }
    assert [one.company for one in found.ties(kind=TieKind.PROTOCOL)] == ["Savena", "Reno"] * is_tie
    # Who has only signed works with nobody yet.
    assert [one.name for one in found.alone()] == ["Reno"]
    assert found.read(aldini.id).partners == 1


def test_a_protocol_of_another_territory_ties_nobody_here(make: Factory, silvia: Actor) -> None:
    aldini, reno = make.school(municipality_istat="037006"), host(make, "Reno")
    protocol(make, [aldini.id], [reno.id], territory_id=make.territory("Altro", "MI").id)
    assert read(make, silvia).ties() == []


def test_the_territory_ends_where_it_ends(make: Factory, silvia: Actor) -> None:
    make.municipality("015146", name="Milano", province_code="MI", cadastral="F205")
    here, there = make.school(municipality_istat="037006"), make.school(municipality_istat="015146")
    near, far = host(make, "Reno"), host(make, "Lambro", "015146")
    make.agreement(here, far, state="in_force")
    make.agreement(there, near, state="in_force")
    found = read(make, silvia)
    assert (found.ties(), len(found.actors)) == ([], 2)
    with pytest.raises(NoSuchActor):
        found.read(far.id)


def test_as_many_queries_for_one_as_for_many(make: Factory, silvia: Actor) -> None:
    def count() -> int:
        with make.database.read() as session, count_queries(make.database) as queries:
            service.read(session, silvia, start_year=None, now=NOW)
        return queries.count

    before = count()
    for number in range(3):
        company = host(make, f"Reno {number}")
        make.agreement(make.school(municipality_istat="037006"), company, state="in_force")
        book(make, visit(make, company, 3)[1][0], make.school_class(make.school(municipality_istat="037006")))
    assert (before, count()) == (10, 10)


def test_ties_in_every_order() -> None:
    def tie(school: str, company: str, **values: Any) -> NamedTie:
        ids = UUID(int=ord(school)), UUID(int=ord(company))
        return NamedTie(Tie(*ids, **values), school, company)

    ties = [
        tie("a", "z", placements=25, has_placements=True),
        tie("b", "y", visits=3, agreements=1),
        tie("c", "x", agreements=2),
        tie("c", "w", has_placements=True),
    ]
    found = {order: "".join(one.company for one in ordered(ties, order)) for order in TieOrder}
    assert found == {
        TieOrder.STRENGTH: "yzxw", TieOrder.SCHOOL: "zywx", TieOrder.COMPANY: "wxyz", TieOrder.VISITS: "yzxw",
        TieOrder.PLACEMENTS: "zwyx", TieOrder.AGREEMENTS: "xyzw", TieOrder.PROTOCOLS: "yzxw",
    }  # fmt: skip
    assert ordered(reversed(ties), TieOrder.VISITS) == ordered(ties, TieOrder.VISITS)


def test_lists_come_page_by_page(client: TestClient, make: Factory, silvia: Actor) -> None:
    reno = host(make, "Reno")
    for name in ("A", "B", "C"):
        make.agreement(make.school(name=name, municipality_istat="037006"), reno, state="in_force")
    headers = make.bearer(Role.COORDINATOR)
    for path, name, expected in (
        ("actors", "name", ["A", "B", "C", "Reno"]),
        ("ties", "school", ["A", "B", "C"]),
    ):
        found, query = [], {"limit": "2"}
        for _ in range(2):
            page = client.get(f"/api/v1/network/{path}", params=query, headers=headers).json()
            found += [one[name] for one in page["items"]]
            query["cursor"] = page["next_cursor"]
        assert (found, page["next_cursor"]) == (expected, None)
    later = NOW + timedelta(days=800)
    asked = {"start_year": str(later.year), "doing": "together"}
    assert client.get("/api/v1/network/actors", params=asked, headers=headers).json()["items"] == []
