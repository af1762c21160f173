"""Pages without scripts: who sees which, in which language, and what goes wrong well."""

from __future__ import annotations

import gzip
import re
from collections.abc import Callable
from datetime import date
from functools import partial

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app import errors
from app.auth import devices
from app.auth import service_people as people
from app.auth.models import User
from app.auth.service import COOKIE
from app.db import Database
from app.disclosures import rules as disclosure_rules
from app.main import create_app
from app.settings import Settings
from app.students.models import Student
from app.web import files, words
from app.web.ui import LANGUAGE_COOKIE, safe_next
from tests import forms
from tests.factories import ACTOR
from tests.queries import count_queries
from tests.web import territory
from tests.web.territory import Territory

Visit = Callable[..., TestClient]

PUBLIC = ("/", "/sign-in", "/privacy", "/accessibility", "/terms", "/attributions")
SIGN_IN = 303

# What each page answers to each person; whoever is not named gets 404. "several" has not chosen a hat.
PAGES: dict[str, dict[str, int]] = {
    "/students/{student_id}": {"student": 200, "teacher": 200, "lead": 200, "several": 303, "administrator": 200},
    "/students/{classmate_id}?kind=visit": {
        "classmate": 200, "pupil": 200, "teacher": 200, "lead": 200, "several": 303, "administrator": 200,
    },
    "/students/{stranger_id}?kind=training": {
        "stranger": 200, "other lead": 200, "several": 303, "administrator": 200,
    },
    "/classes/{class_id}": {"teacher": 200, "lead": 200, "several": 303, "coordinator": 200, "administrator": 200},
    "/classes/{other_class_id}": {"other lead": 200, "several": 303, "coordinator": 200, "administrator": 200},
    "/opportunities/{draft_id}": {"company": 200, "several": 303, "coordinator": 200, "administrator": 200},
    "/companies/{unapproved_id}": {"several": 303, "coordinator": 200, "administrator": 200},
    "/students/not-an-id": {},
    "/nowhere": {},
}  # fmt: skip
# The same for pages that everybody who has signed in sees.
SHARED: dict[str, dict[str, int]] = {
    "/companies/{company_id}": {"several": 303},
    "/opportunities/{internship_id}": {"several": 303},
    "/opportunities/{full_id}": {"several": 303},
    "/start": {"student": 303, "classmate": 303, "stranger": 303, "company": 303, "other company": 303, "several": 303, "pupil": 303},
    "/students/{student_id}?kind=nonsense": dict.fromkeys(territory.ROLES, 422),
    "/students/{student_id}?after=nonsense": dict.fromkeys(territory.ROLES, 422),
    "/opportunities/{internship_id}/candidates": dict.fromkeys(territory.ROLES, 403)
    | {"company": 200, "several": 303, "administrator": 200},
    "/opportunities/{full_id}/candidates": dict.fromkeys(territory.ROLES, 403)
    | {"company": 409, "several": 303, "administrator": 409},
}  # fmt: skip


def _path(template: str, land: Territory) -> str:
    return template.format(**vars(land))


@pytest.mark.parametrize("path", PUBLIC)
def test_public_pages_need_nobody(visit: Visit, path: str) -> None:
    for who in (None, "student"):
        answer = visit(who).get(path)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")


@pytest.mark.parametrize("who", territory.ROLES)
def test_each_role_sees_its_pages(visit: Visit, land: Territory, who: str) -> None:
    client = visit(who)
    found = {path: client.get(_path(path, land)).status_code for path in PAGES | SHARED}
    assert found == {path: table.get(who, 404) for path, table in PAGES.items()} | {
        path: table.get(who, 200) for path, table in SHARED.items()
    }


def test_strangers_are_sent_to_sign_in_and_back(visit: Visit, land: Territory) -> None:
    client = visit()
    address = f"/students/{land.student_id}?kind=visit"
    sent = client.get(address)
    assert sent.status_code == 303
    form = client.get(sent.headers["location"])
    assert f'name="next" value="{address}"' in form.text
    back = client.post("/sign-in", data={"persona": land.emails["student"], "next": address})
    assert (back.status_code, back.headers["location"]) == (303, address)
    assert client.get(address).status_code == 200


def test_ended_session_is_sent_to_sign_in(visit: Visit) -> None:
    client = visit("student")
    client.cookies.set(COOKIE, "no-longer-known", domain="127.0.0.1")
    answer = client.get("/start")
    assert (answer.status_code, answer.headers["location"]) == (303, "/sign-in?next=%2Fstart")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/students/1?kind=visit", "/students/1?kind=visit"),
        ("", "/start"),
        (None, "/start"),
        ("https://evil.example", "/start"),
        ("//evil.example", "/start"),
        ("/\\evil.example", "/start"),
        ("/a\\b", "/start"),
        ("/a\nb", "/start"),
        ("javascript:alert(1)", "/start"),
        ("/" + "a" * 500, "/start"),
    ],
)
def test_way_back_stays_here(given: str | None, expected: str) -> None:
    assert safe_next(given) == expected


# --- signing in -------------------------------------------------------------------------------------------------------


def test_sign_in_with_a_password(visit: Visit, land: Territory) -> None:
    client = visit()
    answer = client.post("/sign-in", data={"email": land.emails["student"], "password": territory.PASSWORD})
    assert (answer.status_code, answer.headers["location"]) == (303, "/start")
    cookie = next(value for value in answer.headers.get_list("set-cookie") if value.startswith(COOKIE))
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert client.get("/start").headers["location"] == f"/students/{land.student_id}"


@pytest.mark.parametrize("email", ["student@example.org", "unknown@example.org"])
def test_wrong_password_keeps_the_address(visit: Visit, email: str) -> None:
    answer = visit().post("/sign-in", data={"email": email, "password": "wrong"})
    assert answer.status_code == 401
    assert "L'indirizzo e la password non vanno insieme." in answer.text
    assert f'name="email" value="{email}"' in answer.text
    assert "wrong" not in re.findall(r'value="([^"]*)"', answer.text)
    assert COOKIE not in answer.cookies


def test_unknown_address_gets_the_same_answer(visit: Visit) -> None:
    pages = [
        forms.without_tokens(
            visit().post("/sign-in", data={"email": email, "password": "wrong"}).text
        ).replace(f'name="email" value="{email}"', "")
        for email in ("nobody.else@example.org", "lead@example.org")
    ]
    assert pages[0] == pages[1]


def test_production_has_no_personas_and_secure_cookies(database: Database, land: Territory) -> None:
    settings = Settings(environment="production", secret_key="a" * 40)  # type: ignore[arg-type]
    with TestClient(create_app(settings, database=database), follow_redirects=False) as client:
        client.event_hooks["request"].append(partial(forms.carry_token, settings=settings))
        assert land.emails["student"] not in client.get("/sign-in").text
        assert client.post("/sign-in", data={"persona": land.emails["student"]}).status_code == 401
        known = {"email": land.emails["student"], "password": territory.PASSWORD}
        assert client.post("/sign-in", data=known).status_code == 401
        with database.write() as session:
            hashed = people.hash_password("a real password")
            people.add_user(session, ACTOR, email="real@example.org", name="Real", password_hash=hashed)
        answer = client.post("/sign-in", data={"email": "real@example.org", "password": "a real password"})
    cookies = answer.headers.get_list("set-cookie")
    names = sorted(cookie.partition("=")[0] for cookie in cookies)
    assert names == sorted(f"__Host-{name}" for name in (COOKIE, LANGUAGE_COOKIE, devices.COOKIE))
    for cookie in cookies:
        assert {"HttpOnly", "Secure"} <= set(cookie.split("; "))


def test_production_needs_the_browser_files(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "NEEDED", "vendor/nowhere.json")
    settings = Settings(environment="production", secret_key="a" * 40)  # type: ignore[arg-type]
    with pytest.raises(files.MissingFilesError, match=r"python -m app\.web\.assets"):
        create_app(settings, database=database)


def test_sign_out_ends_the_session(visit: Visit) -> None:
    client = visit("student")
    token = client.cookies[COOKIE]
    assert client.post("/sign-out").headers["location"] == "/"
    assert COOKIE not in client.cookies
    client.cookies.set(COOKIE, token, domain="127.0.0.1")
    assert client.get("/start").headers["location"].startswith("/sign-in")


def test_post_from_another_site_is_refused_as_a_page(visit: Visit) -> None:
    answer = visit("student").post("/sign-out", headers={"origin": "https://evil.example"})
    assert answer.status_code == 403
    assert "Non puoi fare questa operazione" in answer.text


# --- starting ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "texts"),
    [
        ("teacher", ["Istituto tecnico Aldini", "/classes/{class_id}"]),
        ("lead", ["Istituto tecnico Aldini", "/classes/{class_id}"]),
        ("coordinator", ["Torneria Nuova", "/companies/{unapproved_id}", "Officine Santerno"]),
        ("administrator", ["/companies/{unapproved_id}"]),
        ("nobody", ["Il tuo accesso non è ancora collegato a niente"]),
    ],
)
def test_start_shows_what_is_ones_own(visit: Visit, land: Territory, who: str, texts: list[str]) -> None:
    page = visit(who).get("/start").text
    assert [text for text in texts if _path(text, land) not in page] == []


def test_coordinators_find_a_company_by_how_its_name_begins(visit: Visit) -> None:
    client = visit("coordinator")
    found = {q: client.get("/start", params={"q": q}).text for q in (" officine s", "zzz", "")}
    assert {q: "Officine Santerno" in page for q, page in found.items()} == {
        " officine s": True,
        "zzz": False,
        "": True,
    }
    assert "Nessuna azienda approvata comincia con «zzz»." in found["zzz"]


# What each person must find from the start page, by two links at most.
NEAR = {
    "student": ["/account", "/data", "/students/{student_id}/data", "/students/{student_id}/data#looks", "/students/{student_id}/data#ranking", "/notices/student", "/notices/profiling"],
    "teacher": ["/account", "/data", "/classes/{class_id}/codes", "/students/{student_id}", "/notices/staff"],
    "lead": ["/account", "/data", "/schools/{school_id}/people", "/classes/{class_id}/codes"],
    "company": ["/account", "/data", "/companies/{company_id}/disclosures", "/companies/{company_id}/people", "/opportunities/{internship_id}/candidates"],
    "other company": ["/account", "/data", "/companies/{other_company_id}/disclosures"],
    "coordinator": ["/account", "/data", "/companies/{unapproved_id}", "/companies/{unapproved_id}/people"],
    "administrator": ["/account", "/data", "/coordination/people", "/companies/{unapproved_id}"],
    "several": ["/account"],
    "nobody": ["/account", "/data"],
}  # fmt: skip


@pytest.mark.parametrize("who", NEAR)
def test_everything_of_ones_own_is_two_links_away(visit: Visit, land: Territory, who: str) -> None:
    client = visit(who)
    client.follow_redirects = True

    def links(address: str) -> set[str]:
        return set(re.findall(r'<a\b[^>]*\bhref="(/[^"]*)"', client.get(address).text))

    first = links("/start")
    found = first.union(*(links(address) for address in first))
    assert [path for path in NEAR[who] if _path(path, land) not in found] == []


# --- rankings ---------------------------------------------------------------------------------------------------------


def test_student_page_shows_what_the_api_answers(visit: Visit, land: Territory) -> None:
    client = visit("student")
    ranking = client.get(f"/api/v1/students/{land.student_id}/matches?kind=internship&limit=10").json()
    page = client.get(f"/students/{land.student_id}").text
    assert re.findall(r'id="match-([0-9a-f-]{36})"', page) == [
        item["opportunity"]["id"] for item in ranking["items"]
    ]
    first = ranking["items"][0]
    assert [said["it"] for said in first["reasons"] if said["it"].replace("'", "&#39;") not in page] == []
    assert first["gap"]["it"] in page
    assert f"after={ranking['next_cursor']}" in page
    assert ranking["algorithm"] in page


def test_pages_of_a_ranking_follow_one_another(visit: Visit, land: Territory) -> None:
    client, seen = visit("student"), list[str]()
    address: str | None = f"/students/{land.student_id}"
    while address:
        page = client.get(address).text
        seen += re.findall(r'id="match-([0-9a-f-]{36})"', page)
        following = re.search(r'id="more" href="([^"]+)"', page)
        address = following[1].replace("&amp;", "&") if following else None
    assert len(seen) == len(set(seen)) == 13


def test_empty_ranking_names_the_rule_that_hides(visit: Visit, land: Territory, database: Database) -> None:
    with database.write() as session:
        student = session.get_one(Student, land.student_id)
        student.max_km, student.born_on = 1, date(1990, 5, 4)
    page = visit("student").get(f"/students/{land.student_id}").text
    assert "Qui per ora non c'è niente per te" in page
    assert "È più lontano di quanto hai scelto tu." in page
    assert "(13 proposte)" in page
    assert "prova una distanza più lunga" in page


def test_hidden_opportunity_says_why(visit: Visit, land: Territory) -> None:
    page = visit("student").get(f"/opportunities/{land.far_id}").text
    assert "Perché non è tra le tue proposte" in page
    assert "È più lontano della distanza scelta dallo studente." in page


def test_shown_opportunity_says_why(visit: Visit, land: Territory) -> None:
    page = visit("student").get(f"/opportunities/{land.internship_id}").text
    assert "Perché va bene per te" in page
    assert "Programmazione PLC: hai il livello 3, confermato dal tuo insegnante." in page


def test_teacher_sees_an_opportunity_for_a_student(visit: Visit, land: Territory) -> None:
    client = visit("teacher")
    page = client.get(f"/opportunities/{land.internship_id}?student={land.student_id}").text
    assert "Perché va bene" in page
    assert client.get(f"/opportunities/{land.internship_id}?student={land.stranger_id}").status_code == 404


def test_candidates_have_no_names(visit: Visit, land: Territory) -> None:
    page = visit("company").get(f"/opportunities/{land.internship_id}/candidates").text
    assert len(re.findall(r'id="candidate-[A-Z0-9]{4}-[A-Z0-9]{4}"', page)) == 3
    hidden = ["Giulia", "Rossi", "Marco", "Neri", "Aldini", str(land.student_id), "2008"]
    assert [word for word in hidden if word in page] == []


def test_candidates_page_says_when_too_many_requests_wait(
    visit: Visit, land: Territory, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, path = visit("company"), f"/opportunities/{land.internship_id}/candidates"
    [first, *others] = re.findall(r'name="pseudonym" value="([^"]+)"', client.get(path).text)
    yes = {"pseudonym": first, f"verdict-{first}": "yes"}
    assert client.post(f"/opportunities/{land.internship_id}/answers", data=yes).status_code == 303
    assert client.get(path).text.count('value="yes"') == 1 + len(others)
    monkeypatch.setattr(disclosure_rules, "most_waiting", lambda seats: 1)  # noqa: ARG005
    page = client.get(path).text
    assert ("Una vostra richiesta aspetta risposta" in page, page.count('value="yes"')) == (True, 1)


def test_contacts_are_for_insiders(visit: Visit, land: Territory) -> None:
    pages = {
        who: "Paola Verdi" in visit(who).get(f"/companies/{land.company_id}").text
        for who in ("company", "coordinator", "other company", "student", "teacher")
    }
    assert pages == {
        "company": True, "coordinator": True, "other company": False, "student": False, "teacher": False,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("who", "path", "queries"),
    [
        ("student", "/students/{student_id}", 17),
        ("company", "/opportunities/{internship_id}/candidates", 16),
        ("company", "/companies/{company_id}", 16),
        ("student", "/companies/{company_id}", 12),
        ("teacher", "/classes/{class_id}", 13),
    ],
)
def test_pages_send_few_queries(
    visit: Visit, land: Territory, database: Database, who: str, path: str, queries: int
) -> None:
    client = visit(who)
    client.get(_path(path, land))  # the first request builds the index
    with count_queries(database) as sent:
        assert client.get(_path(path, land)).status_code == 200
    assert sent.count == queries


# --- problems ---------------------------------------------------------------------------------------------------------


def test_every_kind_of_problem_has_its_words() -> None:
    kinds = [
        kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, errors.Problem)
    ]
    assert {kind.status for kind in kinds} <= words.TROUBLES.keys()
    assert words.trouble(418) == words.TROUBLES[400]
    assert words.trouble(599) == words.TROUBLES[500]


def test_wrong_method_is_a_page(visit: Visit) -> None:
    answer = visit().get("/sign-out")
    assert (answer.status_code, "Questa operazione non esiste" in answer.text) == (405, True)


def test_problems_of_the_api_stay_json(visit: Visit) -> None:
    assert visit().get("/api/v1/nowhere").headers["content-type"] == "application/problem+json"


# --- languages --------------------------------------------------------------------------------------------------------


def _language(answer_text: str) -> str:
    return re.findall(r'<html lang="(\w+)">', answer_text)[0]


def test_language_is_the_browsers_until_one_is_chosen(visit: Visit) -> None:
    client = visit()
    assert _language(client.get("/", headers={"accept-language": "fr, en;q=0.8"}).text) == "en"
    assert _language(client.get("/", headers={"accept-language": "fr"}).text) == "it"
    assert _language(client.get("/?lang=en").text) == "en"
    assert _language(client.get("/?lang=xx").text) == "it"
    assert LANGUAGE_COOKIE not in client.cookies
    answer = client.post("/language", data={"language": "en", "next": "/privacy"})
    assert (answer.status_code, answer.headers["location"]) == (303, "/privacy")
    assert "Personal data" in client.get("/privacy").text
    assert _language(client.get("/nowhere").text) == "en"


def test_language_is_kept_with_the_person(visit: Visit, land: Territory, database: Database) -> None:
    with database.write() as session:
        session.execute(sa.update(User).values(is_demo=False))
    credentials = {"email": land.emails["student"], "password": territory.PASSWORD}
    first = visit()
    first.post("/sign-in", data=credentials)
    first.post("/language", data={"language": "en"})
    later = visit()
    later.post("/sign-in", data=credentials)
    assert later.cookies[LANGUAGE_COOKIE] == "en"
    page = later.get(f"/students/{land.student_id}").text
    assert "Hello Giulia, here is what fits you" in page
    assert "PLC programming: you have level 3, confirmed by your teacher." in page


def test_personas_keep_the_language_of_the_browser(visit: Visit, land: Territory) -> None:
    client = visit()
    client.post("/sign-in", data={"persona": land.emails["student"]})
    assert LANGUAGE_COOKIE not in client.cookies


def test_language_chosen_before_signing_in_stays(visit: Visit, land: Territory) -> None:
    client = visit()
    client.post("/language", data={"language": "en"})
    client.post("/sign-in", data={"persona": land.emails["student"]})
    assert client.cookies[LANGUAGE_COOKIE] == "en"


def test_unknown_language_is_refused(visit: Visit) -> None:
    assert visit().post("/language", data={"language": "xx"}).status_code == 422


# --- files ------------------------------------------------------------------------------------------------------------


def test_pages_and_files_are_compressed_and_kept(visit: Visit) -> None:
    client = visit()
    page = client.get("/")
    assert page.headers["content-encoding"] == "gzip"
    assert page.headers["cache-control"] == "no-store"
    address = re.findall(r'href="(/static/style\.css\?v=[0-9a-f]+)"', page.text)[0]
    answer = client.get(address)
    assert {
        name: answer.headers[name] for name in ("content-type", "content-encoding", "cache-control", "vary")
    } == {
        "content-type": "text/css; charset=utf-8",
        "content-encoding": "gzip",
        "cache-control": "public, max-age=31536000, immutable",
        "vary": "Accept-Encoding",
    }
    assert client.get(address, headers={"if-none-match": answer.headers["etag"]}).status_code == 304
    plain = client.get("/static/style.css", headers={"accept-encoding": "identity"})
    assert (plain.headers["cache-control"], "content-encoding" in plain.headers) == ("no-cache", False)
    assert plain.content == answer.content


def test_missing_file_is_not_found(visit: Visit) -> None:
    client = visit()
    assert client.get("/static/nothing.css").status_code == 404
    assert client.get("/static/../files.py").status_code == 404
    assert client.post("/static/style.css").status_code == 405


def test_first_view_is_small(visit: Visit, land: Territory) -> None:
    """The student's page with all that a browser loads for it, as it is sent."""
    if not (files.FOLDER / files.NEEDED).is_file():
        pytest.skip("the browser files are missing: python -m app.web.assets")
    client = visit("student")
    page = client.get(f"/students/{land.student_id}")
    sizes = {"page": len(gzip.compress(page.content, 5))}
    style = client.get(re.findall(r'"(/static/style\.css[^"]*)"', page.text)[0]).text
    linked = re.findall(r'(?:href|src)="(/static/[^"#]+)', page.text)
    fonts = [
        f"/static/{found}" for found in re.findall(r'url\("(vendor/[^"]+)"\)', style) if "mono" not in found
    ]
    assert len(fonts) == 3
    for address in {*linked, *fonts}:
        file = files.load().files[address.removeprefix("/static/").split("?")[0]]
        sizes[address] = len(file.packed or file.plain)
        assert client.get(address).headers["cache-control"].endswith("immutable"), address
    assert sum(sizes.values()) <= 300_000, sizes
