"""Signing in with a real provider, by HTTP, and everything that somebody could try on the way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from html import unescape
from urllib.parse import parse_qs, urlsplit

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from app.auth import oidc, service_oidc
from app.auth.models import Identity, OidcFlow, User
from app.auth.service import COOKIE
from app.db import Base, Database
from app.main import create_app
from app.settings import OidcProvider, Settings
from app.web import oidc as page
from tests import forms
from tests.factories import TODAY
from tests.oidc import provider as providers
from tests.oidc.provider import BACK, SECRET, Provider, sign_in_there
from tests.web import territory
from tests.web.territory import Territory

GO, COME_BACK = "/sign-in/with/school", "/sign-in/with/school/back"


@pytest.fixture(scope="module")
def shared_provider() -> Iterator[Provider]:
    with providers.running() as provider:
        yield provider


@pytest.fixture
def provider(shared_provider: Provider) -> Iterator[Provider]:
    """The module's provider, running and with one key."""
    yield shared_provider
    if shared_provider.process is None:
        shared_provider.start()


@pytest.fixture
def land(database: Database) -> Territory:
    return territory.build(database, on=TODAY)


def configured(**values: object) -> OidcProvider:
    known: dict[str, object] = {
        "key": "school", "label_it": "Scuola digitale", "label_en": "Digital school",
        "client_id": "bottega", "client_secret": SECRET, "domains": ("example.org",),
    }  # fmt: skip
    return OidcProvider.model_validate(known | values)


Open = Callable[..., TestClient]


@pytest.fixture
def open_site(database: Database, land: Territory, provider: Provider) -> Iterator[Open]:
    """A browser at a service that knows the provider; the clock can run ahead."""
    clients: list[TestClient] = []

    def start(*, ahead: timedelta = timedelta(0), **values: object) -> TestClient:
        other = configured(issuer=provider.issuer, key="other", client_id="another")
        settings = Settings(
            oidc=(configured(**{"issuer": provider.issuer} | values), other), outgoing_allowed="127.0.0.1",
            rate_limit_per_minute=100_000,
        )  # fmt: skip
        app = create_app(settings, database=database, clock=lambda: datetime.now(UTC) + ahead)
        client = TestClient(app, base_url="http://127.0.0.1:8000", follow_redirects=False)
        client.headers["accept-language"] = "it"
        client.event_hooks["request"].append(forms.carry_token)
        clients.append(client)
        return client

    yield start
    for client in clients:
        client.close()


def begin(client: TestClient, **fields: str) -> str:
    """Press the button; the address at the provider."""
    answer = client.post(GO, data=fields)
    assert answer.status_code == 200, answer.text
    address = answer.headers["refresh"].removeprefix("0; url=")
    assert unescape(re.findall(r'href="(http[^"]+)" rel="noreferrer"', answer.text)[0]) == address
    return address


def come_back(client: TestClient, brought: dict[str, str]) -> tuple[int, str]:
    """Be sent back; the status, and where it leads or the heading of the page."""
    answer = client.get(COME_BACK, params=brought)
    if answer.status_code == 303:
        return 303, answer.headers["location"]
    assert COOKIE not in answer.cookies
    return answer.status_code, unescape(re.findall(r"<h1>(.*?)</h1>", answer.text)[0])


NOT_FINISHED = (403, "L'accesso non è arrivato in fondo")
UNKNOWN = (403, "Qui non c'è ancora un accesso per te")
DOWN = (503, "Scuola digitale non risponde")


# --- the good way ----------------------------------------------------------------------------------------------------


def test_the_sign_in_page_offers_the_provider(open_site: Open) -> None:
    page = open_site().get("/sign-in").text
    assert "Accedi con Scuola digitale" in page
    assert f'action="{GO}"' in page


@pytest.mark.parametrize("in_token", [False, True])
def test_a_known_person_gets_in(
    open_site: Open, database: Database, land: Territory, provider: Provider, in_token: bool
) -> None:
    if in_token:
        provider.stop()
        provider.in_token = True
        provider.start()
    client = open_site()
    asked = begin(client, next=f"/classes/{land.class_id}")
    query = {name: values[0] for name, values in parse_qs(urlsplit(asked).query).items()}
    assert (query["response_type"], query["code_challenge_method"], query["redirect_uri"]) == (
        "code", "S256", BACK,
    )  # fmt: skip
    assert come_back(client, sign_in_there(asked, "anna")) == (303, f"/classes/{land.class_id}")
    assert client.get(f"/classes/{land.class_id}").status_code == 200
    with database.read() as session:
        [identity] = session.scalars(sa.select(Identity)).all()
        assert session.scalar(sa.select(sa.func.count()).select_from(OidcFlow)) == 0
        lead = session.scalars(sa.select(User).where(User.email == land.emails["lead"])).one()
    assert (identity.user_id, identity.issuer, identity.subject) == (lead.id, provider.issuer, "anna")
    if in_token:
        provider.stop()
        provider.in_token = False


def test_the_second_time_the_identity_counts_and_not_the_address(
    open_site: Open, database: Database, land: Territory
) -> None:
    client = open_site()
    come_back(client, sign_in_there(begin(client), "anna"))
    with database.write() as session:
        session.execute(
            sa.update(User).where(User.email == land.emails["lead"]).values(email="new@example.org")
        )
    later = open_site()
    assert come_back(later, sign_in_there(begin(later), "anna")) == (303, "/start")


def test_an_address_that_was_given_to_somebody_new_opens_nothing(open_site: Open) -> None:
    client = open_site()
    come_back(client, sign_in_there(begin(client), "anna"))
    other = open_site()
    assert come_back(other, sign_in_there(begin(other), "namesake")) == UNKNOWN


# --- who is not let in -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("account", ["unverified", "elsewhere", "stranger", "silent"])
def test_who_is_not_known_by_a_verified_address_of_the_domain_is_told_whom_to_ask(
    open_site: Open, database: Database, account: str
) -> None:
    client = open_site()
    assert come_back(client, sign_in_there(begin(client), account)) == UNKNOWN
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Identity)) == 0


def test_without_the_check_an_unverified_address_would_open_the_account(
    open_site: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(oidc.Client, "_email", lambda _self, claims: claims["email"].lower())
    client = open_site()
    assert come_back(client, sign_in_there(begin(client), "unverified"))[0] == 303


def test_an_account_that_is_switched_off_stays_so(
    open_site: Open, database: Database, land: Territory
) -> None:
    client = open_site()
    come_back(client, sign_in_there(begin(client), "anna"))
    with database.write() as session:
        session.execute(sa.update(User).where(User.email == land.emails["lead"]).values(is_active=False))
    later = open_site()
    assert come_back(later, sign_in_there(begin(later), "anna")) == UNKNOWN


# --- what somebody could try -----------------------------------------------------------------------------------------


def test_another_state_is_refused(open_site: Open) -> None:
    client = open_site()
    brought = sign_in_there(begin(client), "anna")
    assert come_back(client, brought | {"state": "another"}) == NOT_FINISHED
    assert come_back(client, brought)[0] == 303  # nothing was used up by the wrong one


def test_a_state_is_good_once(open_site: Open) -> None:
    client = open_site()
    brought = sign_in_there(begin(client), "anna")
    assert [come_back(client, brought)[0] for _ in range(2)] == [303, 403]


def test_a_state_is_good_in_its_own_browser(open_site: Open) -> None:
    victim, attacker = open_site(), open_site()
    brought = sign_in_there(begin(attacker), "anna")
    assert come_back(victim, brought) == NOT_FINISHED
    begin(victim)
    assert come_back(victim, brought) == NOT_FINISHED


def test_without_the_binding_another_browser_would_be_signed_in(
    open_site: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = service_oidc.hash_token
    monkeypatch.setattr(service_oidc, "hash_token", lambda token: plain(token) if len(token) > 43 else "x")
    victim, attacker = open_site(), open_site()
    brought = sign_in_there(begin(attacker), "anna")
    assert come_back(victim, brought)[0] == 303


def test_a_state_of_another_provider_is_refused(open_site: Open) -> None:
    client = open_site()
    brought = sign_in_there(begin(client), "anna")
    assert client.get("/sign-in/with/other/back", params=brought).status_code == 403


def test_a_flow_ends_after_ten_minutes(open_site: Open, database: Database) -> None:
    client = open_site()
    brought = sign_in_there(begin(client), "anna")
    with database.write() as session:
        session.execute(sa.update(OidcFlow).values(expires_at=datetime.now(UTC)))
    assert come_back(client, brought) == NOT_FINISHED
    with database.write() as session:
        assert service_oidc.forget(session, datetime.now(UTC)) == 1


def test_another_nonce_is_refused(open_site: Open) -> None:
    client = open_site()
    assert come_back(client, sign_in_there(begin(client), "anna", nonce="planted")) == NOT_FINISHED


def test_another_challenge_is_refused_by_the_provider(open_site: Open) -> None:
    client = open_site()
    brought = sign_in_there(begin(client), "anna", code_challenge="A" * 43)
    assert come_back(client, brought) == NOT_FINISHED


def test_a_code_for_another_client_is_refused(open_site: Open) -> None:
    client = open_site()
    brought = sign_in_there(begin(client), "anna", client_id="another")
    assert come_back(client, brought) == NOT_FINISHED


@pytest.mark.parametrize("change", [{"code": "invented"}, {"code": ""}, {"iss": "https://evil.example"}])
def test_an_answer_that_is_not_the_providers_is_refused(open_site: Open, change: dict[str, str]) -> None:
    client = open_site()
    assert come_back(client, sign_in_there(begin(client), "anna") | change) == NOT_FINISHED


def test_an_answer_must_name_its_issuer_where_the_provider_promises_it(open_site: Open) -> None:
    client = open_site()
    brought = sign_in_there(begin(client), "anna")
    del brought["iss"]
    assert come_back(client, brought) == NOT_FINISHED


def test_an_expired_token_is_refused(open_site: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    client = open_site(ahead=timedelta(hours=3))
    assert come_back(client, sign_in_there(begin(client), "anna")) == NOT_FINISHED


def test_who_says_no_comes_back_without_harm(open_site: Open) -> None:
    client = open_site()
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    assert come_back(client, {"error": "access_denied", "state": state}) == NOT_FINISHED


# --- what changes with time ------------------------------------------------------------------------------------------


def test_new_keys_are_fetched_when_a_token_names_one(open_site: Open, provider: Provider) -> None:
    client = open_site()
    assert come_back(client, sign_in_there(begin(client), "anna"))[0] == 303
    provider.restart(providers.new_key("two"))
    brought = sign_in_there(begin(client), "anna")
    assert come_back(client, brought) == NOT_FINISHED  # asked a moment ago: nobody makes us ask without end
    kept = client.app.state.oidc["school"]._kept  # type: ignore[attr-defined]
    kept.keys_at -= oidc.ASK_AGAIN_AFTER
    assert come_back(client, sign_in_there(begin(client), "anna"))[0] == 303


def test_a_provider_that_is_down_is_told_in_plain_words(open_site: Open, provider: Provider) -> None:
    client = open_site()
    brought = sign_in_there(begin(client), "anna")
    provider.stop()
    assert come_back(client, brought) == DOWN
    answer = open_site().post(GO)
    assert (answer.status_code, "Scuola digitale non risponde" in answer.text) == (503, True)
    assert "Riprova tra qualche minuto" in answer.text


def test_a_provider_that_nobody_configured_is_not_there(open_site: Open) -> None:
    client = open_site()
    assert client.post("/sign-in/with/evil").status_code == 404
    assert client.get("/sign-in/with/evil/back").status_code == 404


def test_a_discovery_document_of_another_issuer_is_not_believed(open_site: Open, provider: Provider) -> None:
    client = open_site(issuer=provider.issuer + "/")
    assert client.post(GO).status_code == 503


def test_beginning_needs_a_form_of_ours(open_site: Open, database: Database) -> None:
    client = open_site()
    client.event_hooks["request"].clear()
    assert client.post(GO).status_code == 403
    assert client.get(GO).status_code == 405
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(OidcFlow)) == 0


def test_nothing_of_a_flow_is_kept_that_could_be_used(open_site: Open, database: Database) -> None:
    client = open_site()
    state = parse_qs(urlsplit(begin(client)).query)["state"][0]
    with database.read() as session:
        [row] = session.scalars(sa.select(OidcFlow)).all()
    assert state not in str(vars(row))
    assert client.cookies[page.COOKIE] not in str(vars(row))


def test_the_providers_tokens_go_nowhere(open_site: Open, database: Database) -> None:
    client = open_site()
    answer = client.get(COME_BACK, params=sign_in_there(begin(client), "anna"))
    told = str(answer.headers) + answer.text + str(dict(client.cookies))
    with database.read() as session:
        for table in Base.metadata.sorted_tables:
            told += str(session.execute(sa.select(table)).all())
    assert answer.status_code == 303
    assert "eyJ" not in told, "this is how each ID token begins"
    assert "id_token" not in told
    assert "access_token" not in told.replace("access_tokens", "")
