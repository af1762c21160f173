"""Invitations: who invites whom, what the mail brings, and that a role is taken once."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from pathlib import Path
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from pydantic import SecretStr
from starlette.testclient import TestClient

from app import errors
from app.auth import service_people as people
from app.auth.actors import Actor, Grant, Role
from app.auth.models import Membership, TaughtClass, User
from app.auth.service_territories import NotATrainingBody
from app.companies.models import CompanyKind
from app.db import Database
from app.events import service as events
from app.invitations import rules
from app.invitations import service as invitations
from app.invitations import service_accept as accepting
from app.invitations.models import Invitation
from app.mails.models import Mail
from tests.conftest import another_database
from tests.factories import ACTOR, NOW, Factory

SECRET = SecretStr("a secret of the tests, long enough for them")
ADDRESS = "http://127.0.0.1:8000/invitation"
OFFERED = (
    Role.TEACHER,
    Role.SCHOOL_LEAD,
    Role.COMPANY_MEMBER,
    Role.COMPANY_ADMIN,
    Role.TRAINING_BODY,
    Role.COORDINATOR,
)


def invite(make: Factory, actor: Actor = ACTOR, email: str = "New@Example.org", **values: object) -> str:
    """Invite, and take the code out of the mail; a coordinator to the first territory."""
    if values["role"] is Role.COORDINATOR and "school_id" not in values:
        values["territory_id"] = make.territory().id
    with make.database.write() as session:
        invitations.create(
            session, actor, email=email, secret=SECRET, address=ADDRESS, now=NOW, **values,  # type: ignore[arg-type]
        )  # fmt: skip
    with make.database.read() as session:
        mail = session.scalars(sa.select(Mail).order_by(Mail.created_at.desc(), Mail.id)).all()
    texts = [one.body_text or "" for one in mail if one.to_address == email.lower()]
    codes = {found for text in texts for found in re.findall(r"\?c=([A-Z0-9-]+)", text)}
    with make.database.read() as session:
        for code in codes:
            try:
                accepting.look(session, code, secret=SECRET, now=NOW)
            except accepting.WrongInvitation:
                continue
            return code
    raise AssertionError("no open code was mailed")


def accept(
    database: Database, code: str, *, days: float = 0, name: str = "Nuova Persona"
) -> tuple[User, bool]:
    with database.write() as session:
        return accepting.accept(
            session, code, name=name, secret=SECRET, now=NOW + timedelta(days=days), request_id="r"
        )


def is_refused(database: Database, code: str, *, days: float = 0) -> bool:
    try:
        accept(database, code, days=days)
    except accepting.WrongInvitation:
        return True
    return False


def actor_of(*grants: Grant, kind: str = "user", name: str = "x") -> Actor:
    return Actor(kind=kind, id=None, name=name, grants=grants)


# --- rules -----------------------------------------------------------------------------------------------------------

HERE, ELSEWHERE = UUID(int=1), UUID(int=2)
ACTORS = {
    "lead": actor_of(Grant(Role.SCHOOL_LEAD, school_id=HERE)),
    "lead elsewhere": actor_of(Grant(Role.SCHOOL_LEAD, school_id=ELSEWHERE)),
    "teacher": actor_of(Grant(Role.TEACHER, school_id=HERE)),
    "admin": actor_of(Grant(Role.COMPANY_ADMIN, company_id=HERE)),
    "admin elsewhere": actor_of(Grant(Role.COMPANY_ADMIN, company_id=ELSEWHERE)),
    "member": actor_of(Grant(Role.COMPANY_MEMBER, company_id=HERE)),
    "student": actor_of(Grant(Role.STUDENT, student_id=HERE)),
    "coordinator": actor_of(Grant(Role.COORDINATOR)),
    "administrator": actor_of(Grant(Role.ADMINISTRATOR)),
    "administrator's key": actor_of(Grant(Role.ADMINISTRATOR), kind="key"),
    "school's key": actor_of(Grant(Role.SCHOOL_LEAD, school_id=HERE), kind="key"),
    "nobody": actor_of(),
}
MAY = {
    "lead": {Role.TEACHER, Role.SCHOOL_LEAD},
    "admin": {Role.COMPANY_MEMBER, Role.COMPANY_ADMIN, Role.TRAINING_BODY},
    "coordinator": {Role.SCHOOL_LEAD, Role.COMPANY_ADMIN},
    "administrator": set(OFFERED),
    "administrator's key": set(OFFERED) - {Role.COORDINATOR},
    "school's key": {Role.TEACHER, Role.SCHOOL_LEAD},
}
LISTS = {
    "lead": {"school"}, "admin": {"company"}, "administrator": {"school", "company", "coordination"},
    "administrator's key": {"school", "company", "coordination"}, "school's key": {"school"},
}  # fmt: skip


def binding(role: Role) -> dict[str, UUID]:
    if role in rules.OF_SCHOOLS:
        return {"school_id": HERE}
    return {"company_id": HERE} if role in rules.OF_COMPANIES else {}


@pytest.mark.parametrize(("who", "role"), list(product(ACTORS, Role)))
def test_who_may_invite_to_what(who: str, role: Role) -> None:
    is_overseen = who == "coordinator"
    may = rules.can_invite(ACTORS[who], role, is_overseen=is_overseen, **binding(role))
    assert may is (role in MAY.get(who, set()))
    if is_overseen:
        assert not rules.can_invite(ACTORS[who], role, **binding(role))


@pytest.mark.parametrize("who", ACTORS)
def test_who_sees_who_was_invited(who: str) -> None:
    places: dict[str, dict[str, UUID]] = {
        "school": {"school_id": HERE}, "company": {"company_id": HERE}, "coordination": {},
    }  # fmt: skip
    assert {place for place, bound in places.items() if rules.can_list(ACTORS[who], **bound)} == LISTS.get(
        who, set()
    )


# --- inviting --------------------------------------------------------------------------------------------------------


def test_the_mail_brings_a_link_and_the_code_beside_it(make: Factory) -> None:
    school = make.school(name="ITIS Aldini")
    code = invite(make, role=Role.TEACHER, school_id=school.id)
    with make.database.read() as session:
        mail = session.scalars(sa.select(Mail)).one()
        row = session.scalars(sa.select(Invitation)).one()
    assert mail.body_text is not None
    assert (mail.to_address, mail.kind, mail.subject) == ("new@example.org", "invitation", "Invito a Bottega")
    assert f"{ADDRESS}?c={code}\n" in mail.body_text
    assert f"scrivete il codice: {code}" in mail.body_text
    assert "insegnante, ITIS Aldini" in mail.body_text
    assert "26 gennaio 2026" in mail.body_text
    assert all(code not in str(value) for value in vars(row).values())


def test_the_mail_speaks_the_inviters_language(make: Factory) -> None:
    english = Actor(kind="user", id=None, name="x", grants=(Grant(Role.ADMINISTRATOR),), language="en")
    invite(make, english, role=Role.COORDINATOR)
    with make.database.read() as session:
        mail = session.scalars(sa.select(Mail)).one()
    assert (mail.subject, "coordination of the territory" in (mail.body_text or "")) == (
        "Invitation to Bottega",
        True,
    )


def test_the_answer_is_the_same_whether_the_address_has_an_account(make: Factory) -> None:
    school = make.school()
    with make.database.write() as session:
        people.add_user(session, ACTOR, email="known@example.org", name="Known")
    told = []
    for email in ("known@example.org", "other@example.org"):
        with make.database.write() as session:
            row = invitations.create(
                session, ACTOR, email=email, role=Role.TEACHER, school_id=school.id, secret=SECRET,
                address=ADDRESS, now=NOW,
            )  # fmt: skip
        told.append({name: getattr(row, name) for name in ("role", "school_id", "expires_at", "accepted_at")})
    assert told[0] == told[1]


def test_a_new_invitation_ends_the_one_before(make: Factory) -> None:
    school = make.school()
    old = invite(make, role=Role.TEACHER, school_id=school.id)
    new = invite(make, role=Role.TEACHER, school_id=school.id)
    assert (is_refused(make.database, old), is_refused(make.database, new)) == (True, False)


def test_an_invitation_to_another_role_stays(make: Factory) -> None:
    school = make.school()
    first = invite(make, role=Role.TEACHER, school_id=school.id)
    invite(make, role=Role.COORDINATOR)
    assert not is_refused(make.database, first)


@pytest.mark.parametrize(
    ("values", "fields"),
    [
        ({"role": Role.TEACHER}, ["school_id"]),
        ({"role": Role.COMPANY_ADMIN}, ["company_id"]),
        ({"role": Role.COORDINATOR, "school_id": "school"}, ["school_id", "territory_id"]),
        ({"role": Role.TEACHER, "school_id": "school", "company_id": "company"}, ["company_id"]),
        ({"role": Role.TEACHER, "school_id": uuid4()}, ["school_id"]),
        ({"role": Role.SCHOOL_LEAD, "school_id": "school", "class_ids": ["class"]}, ["class_ids.0"]),
        ({"role": Role.TEACHER, "school_id": "school", "class_ids": ["class", "foreign"]}, ["class_ids.1"]),
    ],
)
def test_what_does_not_fit_is_named(make: Factory, values: dict[str, object], fields: list[str]) -> None:
    school = make.school()
    things: dict[object, object] = {
        "school": school.id, "company": make.company().id, "class": make.school_class(school).id,
        "foreign": make.school_class().id,
    }  # fmt: skip

    def real(value: object) -> object:
        return [things[one] for one in value] if isinstance(value, list) else things.get(value, value)

    with pytest.raises(invitations.BadInvitation) as caught:
        invite(make, **{name: real(value) for name, value in values.items()})
    assert [fault["field"] for fault in caught.value.faults] == fields
    with make.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Mail)) == 0


def test_a_coordinator_invites_the_first_and_nobody_after(make: Factory) -> None:
    company = make.company()
    coordinator = actor_of(Grant(Role.COORDINATOR, provinces=frozenset({"BO"})))
    code = invite(make, coordinator, role=Role.COMPANY_ADMIN, company_id=company.id)
    user, _ = accept(make.database, code)
    with pytest.raises(invitations.AlreadyLed):
        invite(make, coordinator, "own@example.org", role=Role.COMPANY_ADMIN, company_id=company.id)
    with make.database.write() as session:
        session.query(User).filter_by(id=user.id).update({"is_active": False})
    invite(make, coordinator, "next@example.org", role=Role.COMPANY_ADMIN, company_id=company.id)


def test_a_coordinator_of_another_territory_invites_nobody(make: Factory) -> None:
    elsewhere = actor_of(Grant(Role.COORDINATOR, provinces=frozenset({"RN"})))
    for bound in ({"company_id": make.company().id}, {"school_id": make.school().id}):
        role = Role.SCHOOL_LEAD if "school_id" in bound else Role.COMPANY_ADMIN
        with pytest.raises(errors.NotAllowed):
            invite(make, elsewhere, role=role, **bound)
        here = actor_of(Grant(Role.COORDINATOR, provinces=frozenset({"BO"})))
        invite(make, here, role=role, **bound)


def test_an_invitation_tells_nothing_of_what_its_maker_does_not_see(make: Factory) -> None:
    """A company that waits is not there, and a foreign school's classes are not named."""
    waiting = make.company(is_approved=False, kind=CompanyKind.TRAINING_BODY)
    school_class = make.school_class()
    far = Grant(Role.COORDINATOR, territory_id=make.territory("Milano", "MI").id, provinces=frozenset({"MI"}))
    stranger = actor_of(far, Grant(Role.SCHOOL_LEAD, school_id=make.school().id))

    def refusal(**values: object) -> tuple[type[errors.Problem], object]:
        with pytest.raises(errors.Problem) as refused:
            invite(make, stranger, **values)
        return refused.type, refused.value.faults

    for role in (Role.COMPANY_ADMIN, Role.TRAINING_BODY):
        hidden = refusal(role=role, company_id=waiting.id)
        assert hidden == refusal(role=role, company_id=uuid4())
        assert hidden[0] is invitations.BadInvitation
    for class_id in (school_class.id, uuid4()):
        taught = {"role": Role.TEACHER, "school_id": school_class.school_id, "class_ids": [class_id]}
        assert refusal(**taught)[0] is errors.NotAllowed


def test_a_key_that_writes_to_companies_alone_learns_of_no_other_invitation(
    client: TestClient, make: Factory
) -> None:
    school, company = make.school(), make.company()
    for bound in (
        {"role": Role.TEACHER, "school_id": school.id},
        {"role": Role.COMPANY_ADMIN, "company_id": company.id},
    ):
        invite(make, **bound)
    with make.database.read() as session:
        ids = dict(session.execute(sa.select(Invitation.role, Invitation.id)).all())
    by = make.bearer(Role.SCHOOL_LEAD, school_id=make.school().id, scopes=["companies:write"])
    answers = [
        client.post(f"/api/v1/invitations/{one}/revoke", headers=by) for one in (*ids.values(), uuid4())
    ]
    assert [answer.status_code for answer in answers] == [404] * 3
    led = make.bearer(Role.SCHOOL_LEAD, school_id=school.id, scopes=["companies:write"])
    mine = client.post(f"/api/v1/invitations/{ids[Role.TEACHER]}/revoke", headers=led)
    assert (mine.status_code, mine.json()["type"]) == (403, "/problems/scope-missing")
    without = make.bearer(Role.SCHOOL_LEAD, school_id=school.id, scopes=["schools:read"])
    assert client.post(f"/api/v1/invitations/{uuid4()}/revoke", headers=without).status_code == 403


def test_only_a_training_body_has_people_of_one(make: Factory) -> None:
    with pytest.raises(NotATrainingBody):
        invite(make, role=Role.TRAINING_BODY, company_id=make.company().id)
    body = make.company(kind="training_body")
    user, _ = accept(make.database, invite(make, role=Role.TRAINING_BODY, company_id=body.id))
    with make.database.read() as session:
        [role] = session.scalars(sa.select(Membership.role).where(Membership.user_id == user.id))
    assert role is Role.TRAINING_BODY


def test_strangers_invite_nobody(make: Factory) -> None:
    with pytest.raises(errors.NotAllowed):
        invite(
            make, actor_of(Grant(Role.TEACHER, school_id=HERE)), role=Role.TEACHER, school_id=make.school().id
        )


# --- accepting -------------------------------------------------------------------------------------------------------


def test_a_new_person_gets_an_account_with_the_role_and_the_classes(make: Factory) -> None:
    school = make.school()
    school_class = make.school_class(school)
    code = invite(make, role=Role.TEACHER, school_id=school.id, class_ids=[school_class.id])
    user, is_new = accept(make.database, code.lower(), name="Ada Neri")
    with make.database.read() as session:
        [membership] = session.scalars(sa.select(Membership).where(Membership.user_id == user.id))
        taught = session.scalars(
            sa.select(TaughtClass.class_id).where(TaughtClass.membership_id == membership.id)
        ).all()
        row = session.scalars(sa.select(Invitation)).one()
        told = [event.action for event in events.history(session, "invitation", row.id)]
    assert (is_new, user.email, user.name) == (True, "new@example.org", "Ada Neri")
    assert (membership.role, membership.school_id, taught) == (Role.TEACHER, school.id, [school_class.id])
    assert (row.accepted_at, row.accepted_by) == (NOW, user.id)
    assert told == ["invitation.created", "invitation.accepted"]


def test_who_has_an_account_gets_the_role_beside_the_others(make: Factory) -> None:
    with make.database.write() as session:
        known = people.add_user(
            session, ACTOR, email="new@example.org", name="Known", grants=[Grant(Role.ADMINISTRATOR)]
        )
    user, is_new = accept(make.database, invite(make, role=Role.COMPANY_ADMIN, company_id=make.company().id))
    with make.database.read() as session:
        roles = set(session.scalars(sa.select(Membership.role).where(Membership.user_id == known.id)))
    assert (user.id, user.name, is_new) == (known.id, "Known", False)
    assert roles == {Role.ADMINISTRATOR, Role.COMPANY_ADMIN}


@pytest.mark.parametrize("role", [Role.TEACHER, Role.COORDINATOR])
def test_a_role_that_the_person_has_is_not_given_twice(make: Factory, role: Role) -> None:
    school = make.school()
    first, second = make.school_class(school), make.school_class(school)
    bound: dict[str, object] = {"school_id": school.id} if role is Role.TEACHER else {}
    classes = (
        [{"class_ids": [first.id]}, {"class_ids": [first.id, second.id]}]
        if role is Role.TEACHER
        else [{}, {}]
    )
    for more in classes:
        accept(make.database, invite(make, role=role, **bound | more))
    with make.database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Membership)) == 1
        taught = set(session.scalars(sa.select(TaughtClass.class_id)))
    assert taught == ({first.id, second.id} if role is Role.TEACHER else set())


@pytest.mark.parametrize(("days", "refused"), [(13.9, False), (14, True)])
def test_an_invitation_is_valid_for_two_weeks(make: Factory, days: float, refused: bool) -> None:
    assert is_refused(make.database, invite(make, role=Role.COORDINATOR), days=days) is refused


def test_an_account_that_is_switched_off_accepts_nothing(make: Factory) -> None:
    with make.database.write() as session:
        user = people.add_user(session, ACTOR, email="new@example.org", name="Off")
        user.is_active = False
    code = invite(make, role=Role.COORDINATOR)
    assert is_refused(make.database, code)
    with make.database.read() as session:
        row = session.scalars(sa.select(Invitation)).one()
        assert (row.accepted_at, session.scalar(sa.select(sa.func.count()).select_from(Membership))) == (
            None,
            0,
        )


def test_looking_accepts_nothing(make: Factory) -> None:
    school = make.school(name="ITIS Aldini")
    code = invite(make, role=Role.TEACHER, school_id=school.id)
    with make.database.read() as session:
        offer = accepting.look(session, code, secret=SECRET, now=NOW)
        with pytest.raises(accepting.WrongInvitation):
            accepting.look(session, "AAAA", secret=SECRET, now=NOW)
    assert (offer.email, offer.role, offer.title) == ("new@example.org", Role.TEACHER, "ITIS Aldini")
    assert not is_refused(make.database, code)


def test_of_fifty_who_accept_at_once_one_does(migrated: Database, tmp_path: Path) -> None:
    with another_database(migrated, tmp_path) as engine:
        database = Database(engine.url.render_as_string(hide_password=False), connections=8)
        make = Factory(database)
        code = invite(make, role=Role.COORDINATOR)
        with ThreadPoolExecutor(8) as pool:
            refused = list(pool.map(lambda _: is_refused(database, code), range(50)))
        with database.read() as session:
            members = session.scalar(sa.select(sa.func.count()).select_from(Membership))
        database.close()
    assert (refused.count(False), members) == (1, 1)


# --- revoking and listing, by the API --------------------------------------------------------------------------------


def test_invitations_are_made_listed_and_revoked(client: TestClient, make: Factory) -> None:
    school = make.school()
    headers = make.bearer(Role.SCHOOL_LEAD, school_id=school.id)
    body = {"email": "Ada@Example.org", "role": "teacher", "school_id": str(school.id)}
    made = client.post("/api/v1/invitations", json=body, headers=headers)
    assert made.status_code == 201
    out = made.json()
    assert out == {
        "id": out["id"], "email": "ada@example.org", "role": "teacher", "school_id": str(school.id),
        "company_id": None, "territory_id": None, "class_ids": [], "created_at": out["created_at"], "expires_at": out["expires_at"],
        "accepted_at": None, "revoked_at": None,
    }  # fmt: skip
    listed = client.get("/api/v1/invitations", params={"school_id": str(school.id)}, headers=headers)
    assert listed.json() == {"items": [out], "next_cursor": None}
    revoked = client.post(f"/api/v1/invitations/{out['id']}/revoke", headers=headers)
    again = client.post(f"/api/v1/invitations/{out['id']}/revoke", headers=headers)
    assert (revoked.status_code, revoked.json()["revoked_at"] is not None, again.json()) == (
        200, True, revoked.json(),
    )  # fmt: skip
    stranger = make.bearer(Role.SCHOOL_LEAD, school_id=make.school().id)
    assert client.post(f"/api/v1/invitations/{out['id']}/revoke", headers=stranger).status_code == 404
    assert client.get("/api/v1/invitations", headers=headers).status_code == 403


def test_invitations_are_listed_in_pages(client: TestClient, make: Factory) -> None:
    school = make.school()
    for number in range(3):
        with make.database.write() as session:
            invitations.create(
                session, ACTOR, email=f"{number}@example.org", role=Role.TEACHER, school_id=school.id,
                secret=SECRET, address=ADDRESS, now=NOW + timedelta(seconds=number),
            )  # fmt: skip
    seen: list[str] = []
    params: dict[str, str] = {"limit": "2", "school_id": str(school.id)}
    while True:
        page = client.get("/api/v1/invitations", params=params, headers=make.bearer()).json()
        seen += [item["email"] for item in page["items"]]
        if page["next_cursor"] is None:
            break
        params["cursor"] = page["next_cursor"]
    assert seen == ["2@example.org", "1@example.org", "0@example.org"]


def test_invitations_are_forgotten_long_after_their_end(make: Factory, database: Database) -> None:
    """An address of somebody who never came is nobody's business for ever."""
    invite(make, role=Role.SCHOOL_LEAD, school_id=make.school().id)
    end = NOW + invitations.VALID_FOR + accepting.KEPT_FOR
    with database.write() as session:
        forgotten = [accepting.forget(session, end + timedelta(seconds=second)) for second in (-1, 0, 1)]
    assert forgotten == [0, 1, 0]
