"""Running the real provider: `oidc-provider` from npm, in a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urljoin, urlsplit

import httpx2
import pytest
from joserfc import jwk

from app.web import assets

SCRIPT = Path(__file__).with_name("provider.mjs")
SECRET = "a-client-secret-of-the-tests-0123456789"
BACK = "http://127.0.0.1:8000/sign-in/with/school/back"
Json = dict[str, Any]

ACCOUNTS: Mapping[str, Json] = {
    "anna": {"email": "Lead@Example.org", "email_verified": True},
    "strong": {"email": "teacher@example.org", "email_verified": True, "amr": ["pwd", "mfa"]},
    "unverified": {"email": "lead@example.org", "email_verified": False},
    "elsewhere": {"email": "lead@elsewhere.example", "email_verified": True},
    "stranger": {"email": "unknown@example.org", "email_verified": True},
    "namesake": {"email": "lead@example.org", "email_verified": True},
    "silent": {},
}


def new_key(kid: str) -> Json:
    """A private RSA key."""
    key = jwk.RSAKey.generate_key(2048, parameters={"kid": kid, "use": "sig", "alg": "RS256"})
    return dict(key.as_dict(private=True))


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
        return port


@dataclass
class Provider:
    """A provider that can be started, stopped, and started again with other keys."""

    keys: Sequence[Json]
    in_token: bool = False
    port: int = field(default_factory=_free_port)
    process: subprocess.Popen[str] | None = None

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        clients = [
            {"client_id": name, "client_secret": SECRET, "redirect_uris": [BACK]}
            for name in ("bottega", "another")
        ]
        told = {
            "port": self.port, "keys": self.keys, "clients": clients, "accounts": ACCOUNTS,
            "inToken": self.in_token,
        }  # fmt: skip
        self.process = subprocess.Popen(
            [_node(), str(SCRIPT)], env={**os.environ, "PROVIDER": json.dumps(told)}, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def stop(self) -> None:
        if self.process is not None:
            self.process.terminate()
            self.process.wait(timeout=10)
            assert self.process.stdout is not None
            self.process.stdout.close()
            self.process = None

    def restart(self, *keys: Json) -> None:
        self.stop()
        self.keys = keys
        self.start()


@contextmanager
def running(*, in_token: bool = False) -> Iterator[Provider]:
    """A provider with one key."""
    if not (assets.ROOT / "node_modules" / "oidc-provider").is_dir():
        pytest.skip("oidc-provider is missing: python -m app.web.assets --tools")
    provider = Provider([new_key("one")], in_token=in_token)
    provider.start()
    yield provider
    provider.stop()


def sign_in_there(address: str, account: str, **changes: str) -> dict[str, str]:
    """Be the browser at the provider, with the request changed as told; what it brings back, by name."""
    parts = urlsplit(address)
    query = {name: values[0] for name, values in parse_qs(parts.query).items()}
    query |= {"login_hint": account} | changes
    address = parts._replace(query=urlencode(query)).geturl()
    with httpx2.Client() as browser:
        for _ in range(6):
            answer = browser.get(address)
            assert answer.status_code in (302, 303), answer.text
            address = urljoin(address, answer.headers["location"])
            if address.startswith(BACK):
                return {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
    raise AssertionError(f"the provider never came back: {address}")


def _node() -> str:
    found = shutil.which("node", path=assets.find_npm().environment.get("PATH"))
    assert found is not None
    return found
