"""Who is told what, once; what is read; and which mails go when."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa

from app import errors
from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.auth.models import User
from app.companies import service_review as review
from app.db import Database
from app.disclosures import service as disclosures
from app.mails.models import Mail
from app.notifications import letters, rules, service_mailing
from app.notifications import service as notifications
from app.notifications.models import MailChoice, Notification
from app.notifications.rules import NotificationKind
from tests.factories import NOW, Factory

SITE = "https://bottega.example"
STUDENT = Grant(Role.STUDENT, student_id=uuid4())


def person(
    database: Database, name: str, *grants: Grant, email: str | None = None, language: str = "it"
) -> Actor:
    with database.write() as session:
        address = f"{name}@example.org" if email is None else email or None
        user = User(email=address, name=name, language=language, created_at=NOW)
        session.add(user)
        session.flush()
        for grant in grants:
            people.add_membership(session, user.id, grant)
        return Actor("user", user.id, name, grants=grants)


def tell(
    database: Database,
    who: Actor,
    kind: NotificationKind = NotificationKind.NAME_ASKED,
    about: object = "a",
    **more: Any,
) -> None:
    data = {"company": "Reno srl", "school": "IIS Uno", "title": "Tornio", "day": "2026-05-04"}
    with database.write() as session:
        notifications.tell(
            session,
            [who.id] if who.id else [],
            kind,
            about,
            path="/start",
            data=data,
            now=more.get("now", NOW),
        )


def inbox(database: Database, who: Actor) -> list[tuple[str, str, bool]]:
    with database.read() as session:
        found = notifications.search(session, who, limit=10)
        return [
            (one.kind, letters.sentence(one.kind, one.data, "it"), one.read_at is not None) for one in found
        ]


def mail(database: Database, now: datetime = NOW) -> list[Mail]:
    service_mailing.queue_due(database, now, SITE)
    with database.read() as session:
        return list(session.scalars(sa.select(Mail).order_by(Mail.created_at, Mail.to_address)))


def test_the_same_is_told_once(database: Database) -> None:
    ada = person(database, "ada")
    tell(database, ada)
    tell(database, ada)
    tell(database, ada, about="b", now=NOW + timedelta(minutes=1))
    assert len(inbox(database, ada)) == 2
    assert len(mail(database)) == 1


def test_reading_marks_and_spares_the_mail(database: Database) -> None:
    ada, bob = person(database, "ada"), person(database, "bob")
    for about in ("a", "b"):
        tell(database, ada, about=about)
    tell(database, bob)
    with database.read() as session:
        first, _ = (one.id for one in notifications.search(session, ada, limit=5))
    with database.write() as session:
        assert notifications.read(session, bob, [first], now=NOW) == 0  # it is not his
        assert notifications.read(session, ada, [first], now=NOW) == 1
        assert notifications.read(session, ada, [first], now=NOW) == 0
        with pytest.raises(notifications.NoSuchNotification):
            notifications.open_one(session, bob, first, now=NOW)
        assert notifications.open_one(session, ada, first, now=NOW) == "/start"
        assert notifications.count_unread(session, ada.id or UUID(int=0)) == 1
        assert len(notifications.search(session, ada, is_unread=True, limit=5)) == 1
        assert notifications.read(session, bob, now=NOW) == 1
    assert [one.to_address for one in mail(database)] == ["ada@example.org"]


def test_what_is_due_goes_out_as_one_mail_in_one_s_language(database: Database) -> None:
    ada = person(database, "ada", language="en")
    tell(database, ada, about="a")
    tell(database, ada, NotificationKind.NAME_GIVEN, about="b", now=NOW + timedelta(minutes=1))
    [one] = mail(database, NOW + timedelta(minutes=1))
    assert (one.subject, one.language, one.kind) == ("Bottega: 2 new things", "en", "notification")
    assert one.body_text == (
        "Hello ada,\n\n"
        "Reno srl would like to know a name for “Tornio”. It needs an answer: yes or no.\n"
        "https://bottega.example/start\n\n"
        "The student and the school have said yes for “Tornio”: you can read the name.\n"
        "https://bottega.example/start\n\n"
        "You choose which mails you get: https://bottega.example/inbox/mails\n"
    )
    assert mail(database, NOW + timedelta(minutes=2)) == [one] or len(mail(database)) == 1


@pytest.mark.parametrize("email", ["", None])
def test_whoever_has_no_address_or_may_not_sign_in_gets_no_mail(
    database: Database, email: str | None
) -> None:
    ada = person(database, "ada", email=email)
    tell(database, ada)
    if email is None:
        with database.write() as session:
            session.get_one(User, ada.id).is_active = False
    assert mail(database) == []
    assert len(inbox(database, ada)) == 1


def test_a_choice_holds_for_what_comes_after_it(database: Database) -> None:
    ada = person(database, "ada")
    with database.write() as session:
        notifications.choose(session, ada, NotificationKind.NAME_ASKED, MailChoice.DAILY)
        notifications.choose(session, ada, NotificationKind.NAME_GIVEN, MailChoice.NEVER)
        notifications.choose(session, ada, NotificationKind.NAME_GIVEN, MailChoice.NEVER)
    tell(database, ada)
    tell(database, ada, NotificationKind.NAME_GIVEN)
    assert mail(database, NOW + timedelta(minutes=1)) == []
    [one] = mail(database, NOW + timedelta(days=1))
    assert one.subject == "Bottega: c'è una novità"


def test_what_needs_an_answer_cannot_be_silenced(database: Database) -> None:
    ada = person(database, "ada")
    for kind, manner in rules.MANNERS.items():
        with database.write() as session:
            if manner.is_essential:
                with pytest.raises(notifications.NoSuchChoice) as caught:
                    notifications.choose(session, ada, kind, MailChoice.NEVER)
                assert caught.value.faults[0]["field"] == "mail"
            else:
                notifications.choose(session, ada, kind, MailChoice.NEVER)


def test_everybody_chooses_among_what_their_role_is_told() -> None:
    def kinds(role: Role) -> set[NotificationKind]:
        return set(rules.chosen_by(Actor("user", None, "", grants=(Grant(role),))))

    company = {
        NotificationKind.NAME_GIVEN,
        NotificationKind.NAME_REFUSED,
        NotificationKind.COMPANY_APPROVED,
        NotificationKind.COMPANY_REJECTED,
        NotificationKind.APPLICATION_RECEIVED,
        NotificationKind.PLACEMENT_PROPOSED,
        NotificationKind.PAPER_TO_CHECK,
    }
    for role in (Role.STUDENT, Role.TEACHER, Role.SCHOOL_LEAD):
        assert NotificationKind.NAME_ASKED in kinds(role)
        assert company.isdisjoint(kinds(role))
    assert company <= kinds(Role.COMPANY_ADMIN)
    assert NotificationKind.JOB_ENDED in kinds(Role.ADMINISTRATOR)
    # what students report is nothing for companies, and who reports need not be told of it
    concerns = {kind for kind in NotificationKind if kind.startswith("concern_")}
    assert concerns.isdisjoint(kinds(Role.COMPANY_ADMIN))
    assert concerns & kinds(Role.STUDENT) == {
        NotificationKind.CONCERN_ANSWERED,
        NotificationKind.CONCERN_NAMED,
        NotificationKind.CONCERN_CLOSED,
    }


def test_the_mail_of_the_day_goes_at_seven_by_the_clocks_of_the_territory() -> None:
    for hour, day in ((0, 0), (6, 0), (7, 1), (23, 1)):
        now = NOW.replace(hour=hour, minute=0)
        due = rules.mail_due_at(MailChoice.DAILY, now)
        assert due is not None
        assert (due.hour, (due.date() - now.date()).days) == (7, day)


@pytest.mark.parametrize("kind", NotificationKind)
def test_every_kind_has_words_in_both_languages(kind: NotificationKind) -> None:
    data = {
        "company": "Reno srl",
        "school": "IIS Uno",
        "title": "Tornio",
        "until": "26/01/2026",
        "day": "2026-05-04",
        "name": "Giugno",
        "series": "Festa della tecnica",
        "partner": "Savena srl",
    }
    it, en = (letters.sentence(kind, data, code) for code in ("it", "en"))
    assert it != en
    assert letters.sentence(kind, data, "fr") == it
    assert kind in rules.MANNERS


def test_a_name_that_ends_in_a_point_ends_its_sentence() -> None:
    kind = NotificationKind.PLACEMENT_ENDED
    for name, told in (
        ("Reno S.p.A.", "Reno S.p.A. non va avanti."),
        ("E poi...", "E poi... non va avanti."),
    ):
        assert told in letters.sentence(kind, {"title": "Tornio", "company": name}, "it")
    silent = letters.sentence(NotificationKind.COMPANY_WARNED, {"company": "Reno S.p.A."}, "it")
    assert "di Reno S.p.A. Senza" in silent


def test_a_program_has_no_inbox(database: Database) -> None:
    key = Actor("key", uuid4(), "register")
    with database.write() as session:
        for call in (notifications.search, notifications.preferences, notifications.read):
            with pytest.raises(errors.NotAllowed):
                call(
                    session,
                    key,
                    **(
                        {"limit": 1}
                        if call is notifications.search
                        else {"now": NOW}
                        if call is notifications.read
                        else {}
                    ),
                )  # type: ignore[operator]


def test_a_request_for_a_name_is_told_to_those_who_answer_and_then_to_who_asked(
    database: Database, make: Factory
) -> None:
    school_class = make.school_class()
    student, company = make.student(school_class), make.company(name="Reno srl")
    opportunity = make.opportunity(company, title="Tornio")
    pupil = person(database, "pupil", Grant(Role.STUDENT, student_id=student.id))
    school = {"school_id": school_class.school_id}
    teacher = person(
        database, "teacher", Grant(Role.TEACHER, **school, class_ids=frozenset({school_class.id}))
    )
    lead = person(database, "lead", Grant(Role.SCHOOL_LEAD, **school))
    worker = person(database, "worker", Grant(Role.COMPANY_MEMBER, company_id=company.id))
    with database.write() as session:
        asked = disclosures.ask(session, worker, opportunity.id, student.id, now=NOW, days=30)
    sentence = "Reno srl vorrebbe conoscere un nome per «Tornio». Serve una risposta: sì o no."
    assert inbox(database, pupil) == inbox(database, teacher) == [("name_asked", sentence, False)]
    assert inbox(database, lead) == inbox(database, worker) == []
    for who, told in ((pupil, []), (teacher, ["name_given"])):
        with database.write() as session:
            disclosures.accept(session, who, asked.id, now=NOW, days=30)
        assert [kind for kind, _, _ in inbox(database, worker)] == told
    with database.write() as session:
        disclosures.withdraw(session, pupil, asked.id, now=NOW)
    assert {kind for kind, _, _ in inbox(database, worker)} == {"name_given", "name_refused"}


def test_a_company_is_told_of_each_answer_to_its_profile(database: Database, make: Factory) -> None:
    company = make.company(is_approved=False)
    worker = person(database, "worker", Grant(Role.COMPANY_ADMIN, company_id=company.id))
    boss = Actor("user", uuid4(), "boss", grants=(Grant(Role.ADMINISTRATOR),))
    with database.write() as session:
        review.reject(session, boss, company.id, reason="Manca il codice fiscale.", now=NOW)
        review.approve(session, boss, company.id, now=NOW + timedelta(days=1))
    assert [kind for kind, _, _ in inbox(database, worker)] == ["company_approved", "company_rejected"]


def test_what_was_told_long_ago_is_forgotten(database: Database) -> None:
    tell(database, person(database, "ada"))
    for days, gone in ((29, 0), (30, 1)):
        with database.write() as session:
            assert notifications.forget_old(session, NOW + timedelta(days=days), 30) == gone
            assert session.query(Notification).count() == 1 - gone
