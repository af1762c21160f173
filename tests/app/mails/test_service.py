from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from app import addresses
from app.db import Database, new_id
from app.mails import service as mails
from app.mails import transport
from app.mails.models import Mail
from app.settings import Settings
from tests.app.mails.server import Postbox, postbox
from tests.factories import NOW


@pytest.fixture
def box() -> Iterator[tuple[Postbox, Settings]]:
    with postbox() as (found, url):
        yield found, Settings(smtp_url=url)  # type: ignore[arg-type]


def write(database: Database, to: str = "anna@scuola.example", **values: object) -> Mail:
    given = {"subject": "Accesso", "text": "Il link è qui.\n", "kind": "test", "now": NOW} | values
    with database.write() as session:
        return session.get_one(Mail, mails.queue(session, to=to, **given))  # type: ignore[arg-type]


def read(database: Database, mail: Mail) -> Mail:
    with database.read() as session:
        return session.get_one(Mail, mail.id)


def test_a_mail_arrives_as_written_and_its_text_is_not_kept(
    database: Database, box: tuple[Postbox, Settings]
) -> None:
    found, settings = box
    mail = write(database, subject="Città e perché", html="<p>Il link è qui.</p>", language="it")
    told = mails.send_due(settings, database, NOW)
    assert told == {"mails_sent": 1, "mails_failed": 0, "mails_wiped": 0}
    [arrived] = found.mails
    assert (arrived["to"], arrived["subject"]) == ("anna@scuola.example", "Città e perché")
    assert arrived["from"] == "Bottega <no-reply@bottega.example>"
    assert arrived["message-id"] == f"<{mail.id}@127.0.0.1>"
    text, html = arrived.get_body(("plain",)), arrived.get_body(("html",))
    assert text is not None
    assert text.get_content().splitlines() == ["Il link è qui."]
    assert html is not None
    assert html.get_content().strip() == "<p>Il link è qui.</p>"
    kept = read(database, mail)
    assert (kept.body_text, kept.body_html, kept.sent_at, kept.attempts) == ("", None, NOW, 1)
    assert mails.send_due(settings, database, NOW)["mails_sent"] == 0
    assert len(found.mails) == 1


def test_a_mail_of_an_undone_transaction_is_not_sent(
    database: Database, box: tuple[Postbox, Settings]
) -> None:
    found, settings = box
    with suppress(ZeroDivisionError), database.write() as session:
        mails.queue(session, to="a@b.example", subject="s", text="t", kind="test", now=NOW)
        raise ZeroDivisionError
    assert mails.send_due(settings, database, NOW)["mails_sent"] == 0
    assert found.mails == []


@pytest.mark.parametrize(
    ("to", "subject", "field"),
    [
        ("anna@scuola.example\r\nBcc: x@y.example", "s", "to"),
        ("no address", "s", "to"),
        ("a@b@c.example", "s", "to"),
        ("a@", "s", "to"),
        ("a@[", "s", "to"),
        ("anna@scuola", "s", "to"),
        ("one,two@scuola.example", "s", "to"),
        ("<one@scuola.example", "s", "to"),
        ("=?utf-8?q?x?=@scuola.example", "s", "to"),
        ("niccolò@scuola.example", "s", "to"),
        ("", "s", "to"),
        ("anna@scuola.example", "one\nBcc: x@y.example", "subject"),
        ("anna@scuola.example", "", "subject"),
        ("anna@scuola.example", "x" * 201, "subject"),
    ],
)
def test_what_cannot_stand_in_a_head_is_refused(
    database: Database, to: str, subject: str, field: str
) -> None:
    with pytest.raises(mails.BadMail) as problem:
        write(database, to, subject=subject)
    assert [fault["field"] for fault in problem.value.faults] == [field]


def test_a_refused_address_is_given_up_and_does_not_stop_the_others(
    database: Database, box: tuple[Postbox, Settings]
) -> None:
    found, settings = box
    found.refused["gone@scuola.example"] = "550 no such person"
    gone = write(database, "gone@scuola.example")
    write(database, now=NOW + timedelta(seconds=1))
    told = mails.send_due(settings, database, NOW + timedelta(seconds=1))
    assert told == {"mails_sent": 1, "mails_failed": 1, "mails_wiped": 0}
    kept = read(database, gone)
    assert kept.failed_at is not None
    assert (kept.last_error, kept.body_text) == ("SMTPRecipientsRefused 550", "")


@given(
    to=st.from_regex(addresses.PATTERN, fullmatch=True).filter(lambda text: len(text) <= addresses.LONGEST)
)
def test_a_mail_goes_to_the_address_that_was_written_and_to_no_other(to: str) -> None:
    mail = Mail(id=new_id(), to_address=to, subject="s", body_text="t", language="it", created_at=NOW)
    head = transport.compose(Settings(), mail)["To"]
    assert [address.addr_spec for address in head.addresses] == [to]
    assert not head.defects


def test_a_mail_that_cannot_be_written_is_given_up_and_does_not_stop_the_others(
    database: Database, box: tuple[Postbox, Settings]
) -> None:
    found, settings = box
    bad = write(database)
    with database.write() as session:
        session.execute(sa.update(Mail).values(to_address="a@"))  # as an older version let it in
    write(database, now=NOW + timedelta(seconds=1))
    told = mails.send_due(settings, database, NOW + timedelta(seconds=1))
    assert told == {"mails_sent": 1, "mails_failed": 1, "mails_wiped": 0}
    kept = read(database, bad)
    assert (kept.failed_at, kept.last_error, kept.body_text) == (
        NOW + timedelta(seconds=1), "IndexError", "",
    )  # fmt: skip
    assert [mail["to"] for mail in found.mails] == ["anna@scuola.example"]


def test_a_failing_server_is_asked_again_later_and_later_and_then_no_more(
    database: Database, box: tuple[Postbox, Settings]
) -> None:
    found, settings = box
    found.answer = "451 later"
    mail, now = write(database, worth_for=timedelta(days=9)), NOW
    for attempt, wait in enumerate(mails.WAITS, 1):
        mails.send_due(settings, database, now)
        mails.send_due(settings, database, now)  # too early: no attempt
        kept = read(database, mail)
        assert (kept.attempts, kept.send_after, kept.failed_at) == (attempt, now + wait, None)
        now += wait
    mails.send_due(settings, database, now)
    kept = read(database, mail)
    assert (kept.failed_at, kept.last_error, kept.body_text) == (now, "SMTPDataError 451", "")


def test_a_server_that_is_away_ends_the_round(database: Database) -> None:
    with postbox() as (_, url):
        settings = Settings(smtp_url=url)  # type: ignore[arg-type]
    first, second = write(database), write(database, now=NOW + timedelta(seconds=1))
    told = mails.send_due(settings, database, NOW + timedelta(seconds=2))
    assert told == {"mails_sent": 0, "mails_failed": 1, "mails_wiped": 0}
    assert [read(database, mail).attempts for mail in (first, second)] == [1, 0]
    assert read(database, first).last_error == "ConnectionRefusedError"


def test_a_mail_that_is_too_late_is_not_sent(database: Database, box: tuple[Postbox, Settings]) -> None:
    found, settings = box
    mail = write(database, worth_for=timedelta(minutes=30))
    mails.send_due(settings, database, NOW + timedelta(minutes=30))
    assert found.mails == []
    kept = read(database, mail)
    assert (kept.last_error, kept.body_text) == ("too late", "")


def test_what_was_sent_or_given_up_is_gone_after_a_week(
    database: Database, box: tuple[Postbox, Settings]
) -> None:
    found, settings = box
    found.refused["gone@scuola.example"] = "550 no such person"
    for to in ("anna@scuola.example", "gone@scuola.example"):
        write(database, to)
    mails.send_due(settings, database, NOW)
    assert mails.send_due(settings, database, NOW + timedelta(days=6))["mails_wiped"] == 0
    assert mails.send_due(settings, database, NOW + timedelta(days=7))["mails_wiped"] == 2
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Mail)) == 0


def test_without_a_server_development_prints_and_production_waits(
    database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    mail = write(database)
    production = Settings(environment="production", secret_key="x" * 32)  # type: ignore[arg-type]
    assert mails.send_due(production, database, NOW)["mails_sent"] == 0
    assert read(database, mail).attempts == 0
    assert mails.send_due(Settings(), database, NOW)["mails_sent"] == 1
    assert "Il link è qui." in capsys.readouterr().err


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://mail.example", "must begin with"),
        ("smtp://", "name a host"),
        ("smtp://user:secret@mail.example:25", "in clear"),
    ],
)
def test_an_unsafe_mail_server_is_refused(url: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Settings(smtp_url=url)  # type: ignore[arg-type]


# --- two workers ------------------------------------------------------------------------------------------------------


def send_with_four_workers(database: Database, settings: Settings) -> None:
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        mails.send_due(settings, database, NOW)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_four_workers_send_each_mail_once(shared: Database, box: tuple[Postbox, Settings]) -> None:
    found, settings = box
    for number in range(20):
        write(shared, f"person{number}@scuola.example")
    send_with_four_workers(shared, settings)
    assert sorted(str(mail["to"]) for mail in found.mails) == sorted(
        f"person{number}@scuola.example" for number in range(20)
    )


def test_without_the_claim_mails_are_sent_twice(
    shared: Database, box: tuple[Postbox, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    found, settings = box
    monkeypatch.setattr(mails, "_is_free", lambda _: sa.true())
    monkeypatch.setattr(mails, "_waits", sa.true())
    for number in range(5):
        write(shared, f"person{number}@scuola.example")
    send_with_four_workers(shared, settings)
    assert len(found.mails) > 5


def test_a_lease_runs_out_and_who_held_it_may_no_longer_write(
    database: Database, box: tuple[Postbox, Settings]
) -> None:
    _found, settings = box
    mail = write(database)
    held = mails._claim(database, mail.id, NOW)
    assert held is not None
    assert mails._claim(database, mail.id, NOW + timedelta(minutes=4)) is None
    later = NOW + mails.LEASE
    assert mails.send_due(settings, database, later)["mails_sent"] == 1
    mails._note_failure(database, held, transport.NotSent(TimeoutError()), later)
    kept = read(database, mail)
    assert (kept.sent_at, kept.attempts, kept.last_error) == (later, 2, None)
