"""Which ID tokens are believed: one good one, and everything that can be wrong with it."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from joserfc import jwk, jwt
from pydantic import ValidationError

from app.auth import oidc
from app.auth import service_oidc as flows
from app.auth.actors import Role
from app.auth.models import Identity, User
from app.settings import OidcProvider, Settings
from tests.factories import Factory

NOW = datetime(2026, 1, 12, 9, 0, tzinfo=UTC)
MOMENT = int(NOW.timestamp())
ISSUER, CLIENT, NONCE, ACCESS = "https://login.example", "bottega", "n" * 43, "an access token"
SECRET = "a-client-secret-of-the-tests-0123456789"
AT_HASH = base64.urlsafe_b64encode(hashlib.sha256(ACCESS.encode()).digest()[:16]).rstrip(b"=").decode()
RSA = jwk.RSAKey.generate_key(2048, parameters={"kid": "rsa", "use": "sig"})
OTHER = jwk.RSAKey.generate_key(2048, parameters={"kid": "rsa", "use": "sig"})
EC = jwk.ECKey.generate_key("P-256", parameters={"kid": "ec", "use": "sig"})
FOR_SECRETS = jwk.RSAKey.generate_key(2048, parameters={"kid": "enc", "use": "enc"})
GOOD: dict[str, Any] = {
    "iss": ISSUER, "sub": "anna", "aud": CLIENT, "exp": MOMENT + 300, "iat": MOMENT - 5, "nonce": NONCE,
    "at_hash": AT_HASH,
}  # fmt: skip


def provider(**values: object) -> OidcProvider:
    known: dict[str, object] = {
        "key": "school", "label_it": "Scuola", "label_en": "School", "issuer": ISSUER, "client_id": CLIENT,
        "client_secret": SECRET, "domains": ("Example.org",),
    }  # fmt: skip
    return OidcProvider.model_validate(known | values)


def client(**values: object) -> oidc.Client:
    """One that has just read the provider's document and keys."""
    made = oidc.Client(Settings(), provider(**values))
    made._kept.metadata, made._kept.metadata_at = {"issuer": ISSUER}, NOW
    made._kept.keys = [dict(key.as_dict(private=False)) for key in (RSA, EC, FOR_SECRETS)]
    made._kept.keys_at = NOW
    return made


def token(key: Any = RSA, alg: str = "RS256", header: dict[str, Any] | None = None, **changes: Any) -> str:
    claims = {name: value for name, value in (GOOD | changes).items() if value is not None}
    return jwt.encode({"alg": alg, "kid": "rsa"} | (header or {}), claims, key, algorithms=[alg])


def is_believed(written: str) -> bool:
    try:
        client().verify(written, nonce=NONCE, access_token=ACCESS, now=NOW)
    except oidc.SignInRefused:
        return False
    return True


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"at_hash": None},
        {"aud": [CLIENT]},
        {"aud": [CLIENT, "another"], "azp": CLIENT},
        {"azp": CLIENT},
        {"exp": MOMENT - 59},
        {"iat": MOMENT + 59},
        {"iat": MOMENT - 600},
        {"nbf": MOMENT + 59},
    ],
)
def test_a_good_token_is_believed(changes: dict[str, Any]) -> None:
    assert is_believed(token(**changes))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "https://evil.example"},
        {"iss": ISSUER + "/"},
        {"iss": None},
        {"aud": "another"},
        {"aud": ["another"]},
        {"aud": None},
        {"aud": [CLIENT, "another"]},
        {"aud": [CLIENT, "another"], "azp": "another"},
        {"azp": "another"},
        {"exp": MOMENT - 61},
        {"exp": None},
        {"exp": "soon"},
        {"exp": True},
        {"iat": MOMENT + 61},
        {"iat": MOMENT - 661},
        {"iat": None},
        {"nbf": MOMENT + 61},
        {"nbf": "now"},
        {"nonce": "m" * 43},
        {"nonce": None},
        {"nonce": 7},
        {"at_hash": "A" * 22},
        {"at_hash": 7},
        {"sub": None},
        {"sub": ""},
        {"sub": "x" * 256},
        {"sub": 7},
    ],
)
def test_a_token_that_says_something_else_is_not(changes: dict[str, Any]) -> None:
    assert not is_believed(token(**changes))


def plain(header: dict[str, Any], claims: dict[str, Any], signature: bytes = b"") -> str:
    parts = [json.dumps(header).encode(), json.dumps(claims).encode(), signature]
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


FORGED: dict[str, Callable[[], str]] = {
    "another key under the same id": lambda: token(OTHER),
    "an id that nobody has": lambda: token(header={"kid": "three"}),
    "a key for secrets": lambda: token(
        jwk.RSAKey.import_key({k: v for k, v in FOR_SECRETS.as_dict(private=True).items() if k != "use"}),
        header={"kid": "enc"},
    ),
    "no signature": lambda: plain({"alg": "none", "kid": "rsa"}, GOOD),
    "the client's secret": lambda: token(jwk.OctKey.import_key(SECRET), "HS256"),
    "the public key as a secret": lambda: plain({"alg": "HS256", "kid": "rsa"}, GOOD, b"x"),
    "an algorithm of the other kind of key": lambda: plain({"alg": "ES256", "kid": "rsa"}, GOOD, b"x" * 64),
    "another text under the signature": lambda: ".".join(
        [token().split(".")[0], plain({}, GOOD | {"sub": "bruno"}).split(".")[1], token().split(".")[2]]
    ),
    "a key that the token brings along": lambda: token(
        OTHER, header={"kid": "own", "jwk": OTHER.as_dict(private=False)}
    ),
    "an address of keys that the token brings along": lambda: token(
        OTHER, header={"kid": "own", "jku": "https://evil.example/keys"}
    ),
    "an access token": lambda: token(header={"typ": "at+jwt"}),
    "nothing": lambda: "",
    "noise": lambda: "a.b.c",
    "a header that is a list": lambda: plain([], GOOD),  # type: ignore[arg-type]
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_token_is_not_believed(forged: str) -> None:
    assert not is_believed(FORGED[forged]())


def test_the_kinds_of_signature_that_are_believed() -> None:
    assert is_believed(token(EC, "ES256", {"kid": "ec"}))
    assert is_believed(token(RSA, "PS256"))


def test_a_token_without_a_key_id_needs_one_key_that_fits() -> None:
    unnamed = jwt.encode({"alg": "RS256"}, GOOD, RSA, algorithms=["RS256"])
    assert is_believed(unnamed)
    two = client()
    two._kept.keys.append(dict(OTHER.as_dict(private=False)))
    with pytest.raises(oidc.SignInRefused):
        two.verify(unnamed, nonce=NONCE, access_token=ACCESS, now=NOW)


@pytest.mark.parametrize(
    ("claims", "email"),
    [
        ({"email": " Anna@Example.ORG ", "email_verified": True}, "anna@example.org"),
        ({"email": "anna@example.org", "email_verified": "true"}, "anna@example.org"),
        ({"email": "anna@example.org", "email_verified": False}, None),
        ({"email": "anna@example.org"}, None),
        ({"email": "anna@sub.example.org", "email_verified": True}, None),
        ({"email": "anna@example.org.evil.example", "email_verified": True}, None),
        ({"email": "example.org", "email_verified": True}, None),
        ({"email": ["anna@example.org"], "email_verified": True}, None),
        ({}, None),
    ],
)
def test_an_address_counts_when_verified_and_of_the_domain(claims: dict[str, Any], email: str | None) -> None:
    assert client()._email(claims) == email


@pytest.mark.parametrize(
    ("configured", "claims", "is_strong"),
    [
        ({"is_second_factor": True}, {"amr": ["pwd", "mfa"]}, True),
        ({"is_second_factor": True}, {"amr": ["pwd"]}, False),
        ({"is_second_factor": True}, {"amr": "mfa"}, False),
        ({"is_second_factor": True}, {}, False),
        ({"is_second_factor": True, "strong_acr": ("spid2",)}, {"acr": "spid2"}, True),
        ({"is_second_factor": True, "strong_acr": ("spid2",)}, {"acr": "spid1"}, False),
        ({"strong_acr": ("spid2",)}, {"acr": "spid2", "amr": ["mfa"]}, False),
    ],
)
def test_a_second_factor_elsewhere_counts_only_where_the_operator_says_so(
    configured: dict[str, Any], claims: dict[str, Any], is_strong: bool
) -> None:
    assert client(**configured)._is_strong(claims) is is_strong


@pytest.mark.parametrize(
    "values",
    [
        {"key": "A key"}, {"key": ""}, {"issuer": "login.example"}, {"issuer": "https://login.example/?x=1"},
        {"domains": ()}, {"domains": ("a@b.it",)}, {"scopes": "email"}, {"colour": "red"}, {"client_id": ""},
    ],
)  # fmt: skip
def test_a_provider_that_makes_no_sense_is_refused_by_field(values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        provider(**values)
    assert {error["loc"][0] for error in caught.value.errors()} == set(values)


def test_two_providers_of_one_key_and_plain_http_in_production_are_refused() -> None:
    with pytest.raises(ValidationError, match="the same key"):
        Settings(oidc=(provider(), provider()))
    production: dict[str, Any] = {"environment": "production", "secret_key": "x" * 40}
    with pytest.raises(ValidationError, match="must begin with https"):
        Settings(oidc=(provider(issuer="http://login.example"),), **production)
    assert Settings(oidc=(provider(),), **production).oidc[0].domains == ("example.org",)


def test_the_secret_is_in_no_text() -> None:
    assert SECRET not in repr(Settings(oidc=(provider(),)))


def test_keys_grow_old() -> None:
    known = client()
    known._kept.metadata["jwks_uri"] = "http://127.0.0.1:1/jwks"
    with pytest.raises(oidc.ProviderDown):
        known._key({"alg": "RS256", "kid": "rsa"}, NOW + oidc.KEYS_KEPT_FOR + timedelta(seconds=1))


def test_the_same_subject_at_another_provider_is_somebody_else(make: Factory) -> None:
    make.signed_in(Role.ADMINISTRATOR, name="Anna")
    with make.database.write() as session:
        anna = session.scalars(sa.select(User).where(User.name == "Anna")).one()
        session.add(Identity(user_id=anna.id, issuer=ISSUER, subject="anna", created_at=NOW))
        session.flush()
        found = [
            flows.find_person(
                session,
                oidc.Who(issuer, "anna", None, is_strong=False),
                allows_demo=False,
                request_id="r",
                now=NOW,
            )
            for issuer in (ISSUER, "https://other.example")
        ]
    assert [one and one.id for one in found] == [anna.id, None]
