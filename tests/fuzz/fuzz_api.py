"""Every operation of the API under generated calls, good and bad ones, by two tenants and by whoever runs the service.

`make fuzz` runs it on both databases with one seed; `BOTTEGA_FUZZ_CASES` says how many cases each operation gets. All
checks of Schemathesis look at each answer, and one of ours: nobody is told what belongs to another tenant. Each
operation starts from the same world, and what it has done there is undone afterwards. An operation that has done its
work for nobody has been tried in vain: that fails too.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import os
import tomllib
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from inspect import isawaitable
from io import BytesIO
from pathlib import Path
from pkgutil import walk_packages
from random import Random
from typing import Any
from zipfile import ZipFile
from zlib import crc32

import hypothesis
import pytest
import schemathesis
import schemathesis.openapi
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from schemathesis import GenerationMode
from schemathesis.config import SchemathesisConfig
from schemathesis.core.failures import Failure, FailureGroup
from schemathesis.core.parameters import ParameterLocation
from schemathesis.python import asgi
from schemathesis.specs.openapi.checks import ignored_auth

import app
import matching
from app.db import Database, ids_from
from app.demo.chance import Chance
from app.disclosures import rules as disclosures
from app.disclosures.rules import Side
from app.main import create_app
from app.students import rules as students
from tests import caller as callers
from tests import contract
from tests import test_openapi as calls
from tests.conftest import UndoneDatabase
from tests.factories import NOW, Factory
from tests.fuzz import world
from tests.fuzz.world import OVERSEERS, Caller, Tenant, World

# The library draws from the constants of all modules that are there: with all of them, the draws are always the same.
for package in (app, matching):
    for found in walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            importlib.import_module(found.name)

CASES = int(os.environ.get("BOTTEGA_FUZZ_CASES", "300"))
SEED = 20260907
ADDRESS = "http://127.0.0.1:8000/api/v1"
ACCEPTED = tomllib.loads((Path(__file__).parent / "accepted.toml").read_text("utf-8"))["finding"]
MOST_ACCEPTED = 5
CONFIRMED = 10
"""After so many successes it is known whether credentials are looked at: to try without them means two more calls each time."""
ENOUGH = 200
"""With fewer cases, nobody may happen to try the right thing."""


TWISTS: tuple[dict[str, Any], ...] = (
    {},
    {},
    {"external_id": ""},
    {"name": 7},
    {"year": "IV"},
    {"born_on": "2030-02-31"},
)
"""What goes wrong with a row of a bulk load, where something does."""


class Current:
    """Whichever application the present test has made, in this process."""

    app: Any = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        callers.stay()
        await self.app(scope, receive, send)


class Here:
    """Stands in for the library's thread with an event loop: a call crosses no threads."""

    def call(self, work: Callable[[], Any]) -> Any:
        async def do() -> Any:
            found = work()
            return await found if isawaitable(found) else found

        return LOOP.run_until_complete(do())


LOOP = asyncio.new_event_loop()
CURRENT = Current()
# Well formed, but not the version that is there, or none named: declared answers to a good body.
CONDITIONS = ["2xx", "401", "403", "404", "409", "412", "428"]
CONFIG = SchemathesisConfig.from_dict(
    {"checks": {"positive_data_acceptance": {"expected-statuses": CONDITIONS}}}
)
SCHEMA = schemathesis.openapi.from_dict(contract.document(), config=CONFIG)
SCHEMA.app = CURRENT
OPERATIONS = {
    result.ok().definition.raw["operationId"]: result.ok() for result in SCHEMA.get_all_operations()
}
MODES = (GenerationMode.POSITIVE, GenerationMode.NEGATIVE)
KEEPING = ("create_", "edit_", "load_")
ENDING = (
    "create_student_erasure",
    "create_my_erasure",
    "create_interruption",
    "create_agreement",
    "create_training_plans",
)
"""Half of what the first do stays for the cases after it; all else is undone, lest nothing be left to call."""
Strategies = dict[tuple[GenerationMode, str], st.SearchStrategy[Any]]
Tell = Callable[[str, object], None]


@pytest.fixture(scope="module", autouse=True)
def libraries() -> Iterator[None]:
    """Libraries and schemas live to the end: nobody needs to look through them again and again."""
    gc.freeze()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NO_PROXY", "127.0.0.1")  # else each call looks through the environment for proxies
        patch.setattr(asgi, "_get_portal", Here)
        patch.setattr(asgi, "_start_lifespan", lambda _app: None)  # there is nothing to start
        yield
    gc.unfreeze()


def test_the_list_of_accepted_findings_is_short_and_says_why() -> None:
    assert len(ACCEPTED) <= MOST_ACCEPTED
    for finding in ACCEPTED:
        assert set(finding) == {"operations", "title", "reason"}
        assert len(finding["reason"]) > 40
        assert set(finding["operations"]) <= {"*", *OPERATIONS}


@dataclass(frozen=True)
class Land:
    """A database with a world in it, which is undone at the end."""

    database: UndoneDatabase
    world: World


@pytest.fixture(scope="module")
def whole_land(migrated: Database) -> Iterator[Land]:
    with migrated.engine.connect() as connection, ids_from(Chance(SEED, "world").id):
        transaction = connection.begin()
        database = UndoneDatabase(connection)
        yield Land(database, world.build(Factory(database)))
        transaction.rollback()


@pytest.fixture
def land(whole_land: Land) -> Iterator[Land]:
    """As it was in the beginning, for each operation."""
    with whole_land.database.attempt():
        yield whole_land


@pytest.mark.parametrize("name", OPERATIONS)
def test_operation(name: str, land: Land, record_property: Tell) -> None:
    database, (one, other), overseers = land.database, land.world.tenants, land.world.overseers
    CURRENT.app = create_app(world.SETTINGS, database=database, clock=lambda: NOW)
    operation = OPERATIONS[name]
    found: dict[str, str] = {}
    answers: Counter[int] = Counter()
    worked: Counter[bool] = Counter()  # of the well-formed calls
    made: Strategies = {}

    @hypothesis.seed(
        SEED + crc32(name.encode())
    )  # with one seed for all, the same few callers would call everything
    @hypothesis.settings(
        max_examples=CASES,
        phases=[hypothesis.Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(hypothesis.HealthCheck),
    )
    @hypothesis.given(data=st.data(), number=st.integers(0, 2**32))
    def attack(data: st.DataObject, number: int) -> None:
        dice = Random(number)  # noqa: S311 -- to spread evenly what the library draws unevenly
        target, mode = dice.choice((one, other)), dice.choice(MODES)
        led_to = target if dice.random() < 0.75 else None
        case = data.draw(_strategy(operation, mode, led_to, made, is_draft=dice.random() < 0.25))
        # The library likes a number that it has drawn, and draws it again; who calls must be somebody else each time.
        dice.seed(f"{number} {answers.total()}")
        if mode.is_positive:
            # The library makes up credentials, with which a caller who has only a cookie would get no further.
            (case.headers or {}).pop("Authorization", None)
            _make_real(name, case, target, dice)
            _make_good(name, case, target, dice)
            if "Idempotency-Key" in (case.headers or {}):
                case.headers["Idempotency-Key"] = (
                    f"case-{answers.total():010d}"  # another body under one key is bad data
                )
        caller = _caller(target, other if target is one else one, overseers, dice)
        with database.attempt() as attempt:
            response = case.call(base_url=ADDRESS, headers=dict(caller.headers), cookies=dict(caller.cookies))
            attempt.is_kept = name.startswith(KEEPING) and name not in ENDING and dice.random() < 0.5
        answers[response.status_code] += 1
        if mode.is_positive:
            worked[response.status_code < 300] += 1
        is_told = sum(answers[status] for status in answers if status < 300) > CONFIRMED
        excluded = [ignored_auth] if is_told else []
        for failure in _faults(case, response, caller, (one, other), excluded):
            found.setdefault(
                _title(failure, response), f"{failure.message}\n{case.as_curl_command()}\nas {caller.name}"
            )

    attack()
    kind = database.engine.dialect.name
    record_property(f"fuzz on {kind}, operations × cases", answers.total())
    share = worked[True] / max(1, worked.total())
    record_property(f"fuzz on {kind}, well-formed calls that worked", f"{name} {share:.0%}")
    unaccepted = {title: told for title, told in found.items() if not _is_accepted(name, title)}
    assert not unaccepted, "\n\n".join(f"{title}: {told}" for title, told in unaccepted.items())
    assert share or CASES < ENOUGH, f"{name} has never done its work: {dict(answers)}"


def _strategy(
    operation: Any, mode: GenerationMode, target: Tenant | None, made: Strategies, *, is_draft: bool
) -> st.SearchStrategy[Any]:
    """Calls of one mode; with a target, those whose path leads to its things."""
    real = None
    if target is not None:
        names = [parameter.name for parameter in operation.path_parameters]
        known = target.known(operation.definition.raw["operationId"])
        known |= {"opportunity_id": target.ids["draft_id"]} if is_draft else {}
        real = {name: known[name] for name in names if name in known}
    key = (mode, f"{target.name} {is_draft}" if target and real else "")
    if key not in made:
        made[key] = operation.as_strategy(generation_mode=mode, path_parameters=real or None)
    return made[key]


def _make_real(name: str, case: Any, target: Tenant, dice: Random) -> None:
    """Let what refers to something refer to what there is: invented ids would never get past the first check."""
    if isinstance(case.query, dict):
        case.query.pop("cursor", None)  # opaque: one that no list has handed out is bad data
    for container in (case.query, case.body):
        _lead(container, target.known(name))
    if dice.random() < 0.75 and "428" in case.operation.definition.raw["responses"]:
        case.headers = dict(case.headers or {}) | {"If-Match": "*"}
    if name.startswith("load_") and dice.random() < 0.75:
        rows = [world.row(name, target, f"R{dice.randrange(9)}") for _ in range(dice.randint(1, 3))]
        dice.choice(rows).update(dice.choice(TWISTS))
        case.body = world.written(rows, case.media_type)


def _lead(value: Any, known: dict[str, str]) -> None:
    """Put known ids wherever there are ids, however deep."""
    if isinstance(value, list):
        for one in value:
            _lead(one, known)
    if not isinstance(value, dict):
        return
    for field, content in value.items():
        if field in known and isinstance(content, str):
            value[field] = known[field]
        elif field.endswith("s") and field[:-1] in known and isinstance(content, list) and content:
            value[field] = [known[field[:-1]]]
        else:
            _lead(content, known)


def _make_good(name: str, case: Any, target: Tenant, dice: Random) -> None:
    """Mostly all is as it should be, but for a field or two: what lies behind the first rule is reached too."""
    good = target.good_body(name)
    if dice.random() < 0.6 and isinstance(good, dict) and isinstance(case.body, dict):
        twisted = dice.sample(sorted(case.body), k=min(dice.choice((0, 1, 1, 2)), len(case.body)))
        case.body = good | {field: case.body[field] for field in twisted}
    if dice.random() < 0.6 and name in calls.QUERIES:
        case.query = (case.query or {}) | calls.filled(calls.QUERIES[name], target.ids)


def _caller(target: Tenant, neighbour: Tenant, overseers: Sequence[Caller], dice: Random) -> Caller:
    """Mostly somebody of the tenant whose things the call is about, sometimes an overseer or somebody next door."""
    others = neighbour.callers if dice.random() < 0.5 else ()
    return dice.choice((*target.callers * 2, *overseers, *others))


def _faults(
    case: Any, response: Any, caller: Caller, tenants: tuple[Tenant, Tenant], excluded: list[Any]
) -> Iterator[Failure]:
    try:
        case.validate_response(
            response,
            excluded_checks=excluded,
            headers=dict(caller.headers),
            transport_kwargs={"base_url": ADDRESS, "cookies": dict(caller.cookies)},
        )
    except FailureGroup as group:
        for failure in group.exceptions:
            is_accepted = failure.title == "Schema-violating request accepted"
            if not (is_accepted and _is_text_alone(case) and not _has_loaded(response)):
                yield failure
    yield from _leaks(case, response, caller, tenants)


def _is_text_alone(case: Any) -> bool:
    """Whether nothing but the text of a file violates the schema: its rows are refused one by one.

    Parameters that nobody reads are no violation, nor are made-up credentials beside the caller's own.
    """
    bad = {place for place, part in case.meta.components.items() if part.mode.is_negative}
    for place, given in ((ParameterLocation.QUERY, case.query), (ParameterLocation.HEADER, case.headers)):
        if _keeps_to(case.operation, place, given or {}):
            bad.discard(place)
    return case.path.endswith("/bulk") and bad <= {ParameterLocation.BODY}


def _keeps_to(operation: Any, place: ParameterLocation, given: Mapping[str, Any]) -> bool:
    """Whether each parameter that the operation declares for this place is as declared."""
    components = operation.schema.raw_schema["components"]
    for declared in operation.definition.raw.get("parameters", ()):
        name = declared["name"]
        if declared["in"] != place.value:
            continue
        if name not in given:
            if declared.get("required"):
                return False
            continue
        validator = Draft202012Validator(declared["schema"] | {"components": components})
        if not any(map(validator.is_valid, _readings(given[name]))):
            return False
    return True


def _readings(value: Any) -> Iterator[Any]:
    """What an address may mean by a value: itself, or the number or truth that its text stands for."""
    yield value
    if isinstance(value, str):
        with suppress(ValueError):
            yield json.loads(value)


def _leaks(case: Any, response: Any, caller: Caller, tenants: tuple[Tenant, Tenant]) -> Iterator[Failure]:
    """What an answer tells a tenant of the other: its private words and ids, or that a call on its things worked."""
    for tenant in tenants:
        if caller.name in (tenant.name, *OVERSEERS):
            continue
        asked = f"{case.formatted_path} {case.query!r} {case.body!r} {case.headers!r}"
        answered = _text(response) + repr(dict(response.headers))
        leaked = sorted(word for word in tenant.private if word in answered and word not in asked)
        if leaked or _worked(case, response, tenant):
            yield Failure(
                operation=case.operation.label,
                title="Another tenant's data",
                message=f"{response.status_code} for {caller.name} on {tenant.name}: {leaked or 'a call worked'}",
            )


def _text(response: Any) -> str:
    """What can be read in an answer: of an archive what is in its files."""
    if response.headers.get("content-type") != ["application/zip"]:
        return str(response.text)
    with ZipFile(BytesIO(response.content)) as archive:
        return "".join(archive.read(name).decode() for name in archive.namelist())


def _worked(case: Any, response: Any, tenant: Tenant) -> bool:
    """Whether a call read what is private to the tenant, or changed or added to what is the tenant's."""
    if response.status_code >= 400:
        return False
    if case.method == "GET":
        return any(word in case.formatted_path for word in tenant.private)
    named = f"{case.formatted_path} {case.body!r}"
    has_changed = not case.path.endswith("/bulk") or _has_loaded(response)
    return has_changed and any(word in named for word in tenant.private | tenant.owned)


def _has_loaded(response: Any) -> bool:
    """Whether any row of a file has gone in."""
    return any(f'"status":"{done}"' in response.text for done in ("created", "changed"))


def _title(failure: Failure, response: Any) -> str:
    """What was found; apart from the rest where a refusal names the field that it is about."""
    is_named = response.status_code == 422 and bool(response.json().get("faults"))
    return f"{failure.title}, the field is named" if is_named else failure.title


def _is_accepted(name: str, title: str) -> bool:
    return any(
        title == finding["title"] and (name in finding["operations"] or "*" in finding["operations"])
        for finding in ACCEPTED
    )


# --- the wall is seen when it falls -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("module", "rule", "says", "name"),
    [
        (students, "can_see", True, "read_student"),
        (students, "can_place", True, "load_students"),
        (disclosures, "side_of", Side.SCHOOL, "read_disclosure"),
        (disclosures, "side_of", Side.STUDENT, "refuse_disclosure"),
    ],
)
def test_a_fallen_wall_is_seen(
    module: Any,
    rule: str,
    says: object,
    name: str,
    land: Land,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """With a rule switched off that keeps things within their school or company, the check of ours turns red."""
    monkeypatch.setattr(module, rule, lambda *_: says)
    monkeypatch.setitem(globals(), "CASES", max(CASES, ENOUGH))
    # Only next door there is anybody for whom the wall stands.
    monkeypatch.setitem(globals(), "_caller", lambda _, next_door, __, dice: dice.choice(next_door.callers))
    with pytest.raises(AssertionError, match="Another tenant's data"):
        test_operation(name, land, lambda *_: None)
