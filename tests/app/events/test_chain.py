"""The log is append-only, and any change of it shows, with the first event that is wrong."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.db import Database
from app.events import service as events
from app.events import service_chain as chain
from app.events.models import AuditDay, Event

ANNA = UUID(int=1)
FIRST = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)
NOW = datetime(2026, 1, 8, 9, 0, tzinfo=UTC)


def tell(database: Database, *moments: datetime) -> list[int]:
    """Events at these moments, by Anna; their ids."""
    actor = Actor(kind="user", id=ANNA, name="Anna", request_id="request-of-anna")
    with database.write() as session:
        for number, at in enumerate(moments):
            events.record(session, actor, "thing.made", f"t-{number}", {"fields": ["name"]})
            next(iter(session.new)).at = at
            session.flush()
        return list(session.scalars(sa.select(Event.id).order_by(Event.id)))


def three_days(database: Database) -> list[int]:
    """Two events on each of three days, linked, the days sealed."""
    ids = tell(database, *(FIRST + timedelta(days=day, hours=hour) for day in range(3) for hour in (0, 3)))
    with database.write() as session:
        while chain.extend(session, NOW, at_once=4):
            pass
        assert [day.day for day in chain.seal_days(session, NOW)] == [date(2026, 1, 5 + n) for n in range(3)]
    return ids


def check(database: Database, *, gone: tuple[UUID, ...] = (), head: str | None = None) -> chain.Report:
    with database.read() as session:
        return chain.verify(session, gone=gone, head=head)


def unguard(session: Session) -> None:
    """What an attacker who owns the database does first."""
    if session.get_bind().dialect.name == "sqlite":
        for name in ("events_no_update", "events_no_delete", "audit_days_no_update", "audit_days_no_delete"):
            session.execute(sa.text(f"DROP TRIGGER {name}"))
    else:
        for table in ("events", "audit_days"):
            session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))


def test_a_whole_chain_holds(database: Database) -> None:
    three_days(database)
    report = check(database)
    assert (report.events, report.days, report.waiting, report.finding) == (6, 3, 0, None)
    assert check(database, head=report.head).finding is None
    with database.write() as session:
        assert chain.extend(session, NOW) == 0
        assert chain.seal_days(session, NOW) == []


def test_an_empty_log_holds(database: Database) -> None:
    with database.write() as session:
        assert (chain.extend(session, NOW), chain.seal_days(session, NOW)) == (0, [])
    assert check(database) == chain.Report(0, 0, 0, chain.START, None)


def test_events_wait_until_nothing_can_come_before_them(database: Database) -> None:
    tell(database, NOW - timedelta(minutes=20), NOW - timedelta(minutes=10))
    with database.write() as session:
        assert chain.extend(session, NOW) == 1
        assert chain.seal_days(session, NOW + timedelta(days=2)) == []  # one of the day is not linked yet
    assert check(database).waiting == 1


CHANGES: dict[str, tuple[str, int, str]] = {
    "an action": ("UPDATE events SET action = 'thing.lost' WHERE id = :b", 1, "does not follow"),
    "a moment": ("UPDATE events SET at = (SELECT at FROM events WHERE id = :f) WHERE id = :b", 2, "does not follow"),
    "data": ("UPDATE events SET data = '{}' WHERE id = :b", 1, "does not follow"),
    "who it was": ("UPDATE events SET actor_kind = 'system' WHERE id = :b", 1, "does not follow"),
    "which thing": ("UPDATE events SET object_id = 't-9' WHERE id = :b", 1, "names somebody"),
    "a seal": ("UPDATE events SET actor_seal = object_seal WHERE id = :b", 1, "does not follow"),
    "a salt": ("UPDATE events SET object_salt = '' WHERE id = :b", 1, "without a seal"),
    "a row": ("DELETE FROM events WHERE id = :b", 2, "does not follow"),
    "the last row": ("DELETE FROM events WHERE id = :l", -1, "sealed with 2 events"),
    "a whole day": ("DELETE FROM events WHERE id >= :k", -1, "no events any more"),
    "a day's seal": ("UPDATE audit_days SET events = 3 WHERE day = '2026-01-06'", -1, "sealed with 3 events"),
    "no seal of a day": ("DELETE FROM audit_days WHERE day = '2026-01-06'", -1, "seal is missing"),
    "a day without events": (
        "UPDATE audit_days SET day = '2026-01-04' WHERE day = '2026-01-07'", -1, "no events any more",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", CHANGES)
def test_every_change_is_refused_and_shows(database: Database, what: str) -> None:
    ids = three_days(database)
    statement, place, reason = CHANGES[what]
    values = {"b": ids[1], "f": ids[4], "k": ids[4], "l": ids[-1]}
    used = {name: value for name, value in values.items() if f":{name}" in statement}
    if "salt" not in statement:
        with pytest.raises(DatabaseError, match="append-only"), database.write() as session:
            session.execute(sa.text(statement), used)
    assert check(database).finding is None
    with database.write() as session:
        unguard(session)
        session.execute(sa.text(statement), used)
    finding = check(database).finding
    assert finding is not None
    assert reason in finding.reason
    assert finding.event_id == (ids[place] if place >= 0 else None)


def test_an_inserted_event_shows(database: Database) -> None:
    ids = three_days(database)
    tell(database, FIRST + timedelta(days=1, hours=1))
    finding = check(database).finding
    assert finding is not None
    assert finding.event_id not in ids
    assert "day was sealed" in finding.reason


def test_an_inserted_event_of_a_day_that_is_not_sealed_shows(database: Database) -> None:
    tell(database, FIRST, FIRST + timedelta(hours=2))
    with database.write() as session:
        chain.extend(session, FIRST + timedelta(hours=3))
    tell(database, FIRST + timedelta(hours=1))
    finding = check(database).finding
    assert finding is not None
    assert "came in after" in finding.reason


def test_two_events_that_change_places_show(database: Database) -> None:
    ids = three_days(database)
    with database.write() as session:
        unguard(session)
        first, second = session.get_one(Event, ids[0]), session.get_one(Event, ids[1])
        first.at, second.at = second.at, first.at
    finding = check(database).finding
    assert finding is not None
    assert finding.event_id in ids[:2]


def test_a_chain_that_was_made_anew_shows_by_a_day_s_seal_and_by_a_head_noted_elsewhere(
    database: Database,
) -> None:
    three_days(database)
    noted = check(database).head
    with database.write() as session:
        unguard(session)
        session.execute(sa.text("UPDATE events SET action = 'thing.lost', chain = NULL"))
        session.execute(sa.text("UPDATE events SET chain = NULL"))
        chain.extend(session, NOW)
    finding = check(database).finding
    assert finding is not None
    assert finding.day == FIRST.date()
    with database.write() as session:
        session.execute(sa.delete(AuditDay))
        chain.seal_days(session, NOW)
    assert check(database).finding is None
    finding = check(database, head=noted).finding
    assert finding is not None
    assert "noted" in finding.reason


def test_forgetting_is_the_one_change_and_the_chain_still_holds(database: Database) -> None:
    ids = three_days(database)
    stone = uuid4()
    forget = sa.update(Event).values(actor_id=stone, actor_salt="", request_id="")
    with database.write() as session:
        session.execute(forget)
        session.execute(sa.update(Event).where(Event.id == ids[0]).values(object_id="", object_salt=""))
    assert check(database, gone=(stone,)).finding is None
    finding = check(database).finding
    assert finding is not None
    assert (finding.event_id, finding.reason) == (ids[0], "names somebody or something without a seal")
    for statement in (
        "UPDATE events SET actor_id = NULL, actor_salt = 'made-up'",
        "UPDATE events SET object_id = 'another' WHERE object_salt <> ''",
        "UPDATE events SET chain = NULL",
        "UPDATE events SET request_id = 'another'",
    ):
        with pytest.raises(DatabaseError, match="append-only"), database.write() as session:
            session.execute(sa.text(statement))


def test_nobody_empties_the_log(database: Database) -> None:
    three_days(database)
    statement = "DELETE FROM events" if database.engine.dialect.name == "sqlite" else "TRUNCATE events"
    with pytest.raises(DatabaseError, match="append-only"), database.write() as session:
        session.execute(sa.text(statement))


@pytest.mark.parametrize("link", [chain._link])
def test_a_checker_that_does_not_compare_lets_a_change_pass(
    database: Database, monkeypatch: pytest.MonkeyPatch, link: Callable[..., str]
) -> None:
    ids = three_days(database)
    with database.write() as session:
        unguard(session)
        session.execute(sa.text("UPDATE events SET action = 'thing.lost' WHERE id = :b"), {"b": ids[1]})
    assert check(database).finding is not None
    monkeypatch.setattr(chain, "_link", lambda before, row: row.chain or link(before, row))
    assert check(database).finding is None
