"""OpenID Connect Core 1.0, the relying party's side: authorization code, PKCE (RFC 7636), and nothing else.

A provider's answers are believed only as far as they are checked: issuer and audience, key and algorithm, time, nonce,
and the issuer in the redirect (RFC 9207), so that no provider can answer for another one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote_plus, urlencode

import structlog
from joserfc import jwk, jwt
from joserfc.errors import JoseError

from app import errors, outgoing
from app.settings import OidcProvider, Settings

log = structlog.get_logger(__name__)

ALGORITHMS = {"RS256": "RSA", "PS256": "RSA", "ES256": "EC"}
"""Signatures that are believed, each with its kind of key; `none` and shared secrets are not among them."""
LEEWAY = timedelta(minutes=1)
"""How far clocks may differ."""
OLDEST_TOKEN = timedelta(minutes=10)
METADATA_KEPT_FOR = timedelta(hours=1)
KEYS_KEPT_FOR = timedelta(hours=1)
ASK_AGAIN_AFTER = timedelta(seconds=5)
"""An unknown key is asked for anew, but not more often: anybody can send a token with an invented one."""


class ProviderDown(errors.Unavailable):
    """The provider does not answer, or not as OpenID Connect says."""

    title = "The other service does not answer"


class SignInRefused(errors.NotAllowed):
    """What the provider, or somebody in its name, brought is not believed; why stands in the log."""

    title = "The sign-in was not accepted"


@dataclass(frozen=True, slots=True)
class Who:
    """Whom a provider vouches for. `email` is verified and of an allowed domain, else it is None."""

    issuer: str
    subject: str
    email: str | None
    is_strong: bool


@dataclass(slots=True)
class _Kept:
    """What is remembered of a provider, and since when."""

    metadata: dict[str, Any] = field(default_factory=dict)
    metadata_at: datetime | None = None
    keys: list[dict[str, Any]] = field(default_factory=list)
    keys_at: datetime | None = None


class Client:
    """One provider as this process knows it; safe for several threads, which at worst ask the same thing twice."""

    def __init__(self, settings: Settings, provider: OidcProvider) -> None:
        self.settings = settings
        self.provider = provider
        self.redirect_uri = f"{settings.public_url.rstrip('/')}/sign-in/with/{provider.key}/back"
        self._kept = _Kept()

    # --- what the provider publishes ---------------------------------------------------------------------------------

    def metadata(self, now: datetime) -> dict[str, Any]:
        """The discovery document, whose issuer is the configured one. Raises ProviderDown."""
        kept = self._kept
        if kept.metadata_at is None or now - kept.metadata_at > METADATA_KEPT_FOR:
            found = self._get(self.provider.issuer.rstrip("/") + "/.well-known/openid-configuration")
            if found.get("issuer") != self.provider.issuer:
                raise self._down("the discovery document is of another issuer")
            for name in ("authorization_endpoint", "token_endpoint", "jwks_uri"):
                if not isinstance(found.get(name), str):
                    raise self._down(f"the discovery document lacks {name}")
            kept.metadata, kept.metadata_at = found, now
        return kept.metadata

    def _key(self, header: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        kept = self._kept
        if kept.keys_at is None or now - kept.keys_at > KEYS_KEPT_FOR:
            self._load_keys(now)
        found = self._find_key(header)
        if found is None and kept.keys_at is not None and now - kept.keys_at >= ASK_AGAIN_AFTER:
            self._load_keys(now)
            found = self._find_key(header)
        if found is None:
            raise self._refused("no key of the provider fits the token")
        return found

    def _load_keys(self, now: datetime) -> None:
        found = self._get(self.metadata(now)["jwks_uri"]).get("keys")
        if not isinstance(found, list):
            raise self._down("the provider's keys cannot be read")
        self._kept.keys = [key for key in found if isinstance(key, dict)]
        self._kept.keys_at = now

    def _find_key(self, header: Mapping[str, Any]) -> dict[str, Any] | None:
        fitting = [
            key
            for key in self._kept.keys
            if key.get("kty") == ALGORITHMS[header["alg"]]
            and key.get("use", "sig") == "sig"
            and key.get("alg", header["alg"]) == header["alg"]
        ]
        if "kid" in header:
            return next((key for key in fitting if key.get("kid") == header["kid"]), None)
        return fitting[0] if len(fitting) == 1 else None

    # --- the way there and back --------------------------------------------------------------------------------------

    def authorization_url(self, *, state: str, nonce: str, verifier: str, now: datetime) -> str:
        """Where the browser goes. Raises ProviderDown."""
        challenge = _b64(hashlib.sha256(verifier.encode()).digest())
        query = {
            "response_type": "code", "client_id": self.provider.client_id, "redirect_uri": self.redirect_uri,
            "scope": self.provider.scopes, "state": state, "nonce": nonce, "code_challenge": challenge,
            "code_challenge_method": "S256",
        }  # fmt: skip
        endpoint: str = self.metadata(now)["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    def check_issuer(self, given: str | None, now: datetime) -> None:
        """Refuse an answer in the name of another issuer, or without a name where it promises one. Raises SignInRefused."""
        is_promised = self.metadata(now).get("authorization_response_iss_parameter_supported") is True
        if given != self.provider.issuer and (given is not None or is_promised):
            raise self._refused("the answer is of another issuer")

    def redeem(self, code: str, *, nonce: str, verifier: str, now: datetime) -> Who:
        """Whom the code stands for. Waits for the provider: call it outside of any block.

        Raises ProviderDown and SignInRefused.
        """
        tokens = self._exchange(code, verifier, now)
        id_token, access_token = tokens.get("id_token"), tokens.get("access_token")
        if not isinstance(id_token, str) or not isinstance(access_token, str):
            raise self._refused("the answer lacks a token")
        claims = self.verify(id_token, nonce=nonce, access_token=access_token, now=now)
        told = (
            claims if self.provider.email_claim in claims else claims | self._more(claims, access_token, now)
        )
        return Who(
            self.provider.issuer, claims["sub"], email=self._email(told), is_strong=self._is_strong(claims)
        )

    def _exchange(self, code: str, verifier: str, now: datetime) -> dict[str, Any]:
        metadata, provider = self.metadata(now), self.provider
        fields = {
            "grant_type": "authorization_code", "code": code, "redirect_uri": self.redirect_uri,
            "code_verifier": verifier,
        }  # fmt: skip
        headers, secret = {"accept": "application/json"}, provider.client_secret.get_secret_value()
        methods = metadata.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        if "client_secret_basic" in methods:
            pair = f"{quote_plus(provider.client_id)}:{quote_plus(secret)}"  # RFC 6749, section 2.3.1
            headers["authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
        else:
            fields |= {"client_id": provider.client_id, "client_secret": secret}
        try:
            answer = outgoing.post_form(metadata["token_endpoint"], fields, self.settings, headers=headers)
            found = answer.json()
        except outgoing.OutgoingError as error:
            raise self._down("no answer to the code") from error
        if answer.status == 400:
            raise self._refused("the provider does not know the code")
        if answer.status != 200 or not isinstance(found, dict):
            raise self._down(f"answered the code with {answer.status}")
        return found

    def _more(self, claims: Mapping[str, Any], access_token: str, now: datetime) -> dict[str, Any]:
        """The address from the userinfo endpoint, which many providers keep out of the token."""
        endpoint = self.metadata(now).get("userinfo_endpoint")
        if not isinstance(endpoint, str):
            return {}
        found = self._get(endpoint, {"authorization": f"Bearer {access_token}"})
        if found.get("sub") != claims["sub"]:
            raise self._refused("the userinfo is of somebody else")
        wanted = (self.provider.email_claim, self.provider.verified_claim)
        return {name: found[name] for name in wanted if name in found}

    # --- what is believed --------------------------------------------------------------------------------------------

    def verify(self, token: str, *, nonce: str, access_token: str, now: datetime) -> dict[str, Any]:
        """The claims of an ID token that is signed by the provider, for us, now, and for this sign-in.

        Raises SignInRefused and ProviderDown.
        """
        header = _header(token)
        if header.get("alg") not in ALGORITHMS:
            raise self._refused("the token's algorithm is not allowed")
        if str(header.get("typ", "JWT")).upper() not in ("JWT", "ID+JWT"):
            raise self._refused("the token is of another kind")
        try:
            key = jwk.import_key(self._key(header, now))
            claims = jwt.decode(token, key, algorithms=[header["alg"]]).claims
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise self._refused("the token's signature is wrong") from error
        reason = self._fault(claims, nonce, access_token, now)
        if reason is not None:
            raise self._refused(reason)
        return claims

    def _fault(self, claims: Mapping[str, Any], nonce: str, access_token: str, now: datetime) -> str | None:
        moment, leeway = now.timestamp(), LEEWAY.total_seconds()
        audience = claims.get("aud")
        audiences = audience if isinstance(audience, list) else [audience]
        subject, hashed = claims.get("sub"), claims.get("at_hash")
        expected = _b64(hashlib.sha256(access_token.encode()).digest()[:16])
        checks = {
            "the token is of another issuer": claims.get("iss") == self.provider.issuer,
            "the token is for another client": self.provider.client_id in audiences,
            "the token was issued to another client": claims.get("azp", self.provider.client_id)
            == self.provider.client_id
            and (len(audiences) == 1 or "azp" in claims),
            "the token has expired": _is_number(claims.get("exp")) and claims["exp"] > moment - leeway,
            "the token is not valid yet": claims.get("nbf") is None
            or (_is_number(claims["nbf"]) and claims["nbf"] <= moment + leeway),
            "the token was not issued just now": _is_number(claims.get("iat"))
            and moment - OLDEST_TOKEN.total_seconds() - leeway <= claims["iat"] <= moment + leeway,
            "the token is of another sign-in": isinstance(claims.get("nonce"), str)
            and secrets.compare_digest(claims["nonce"].encode(), nonce.encode()),
            "the access token is another one": hashed is None
            or (isinstance(hashed, str) and secrets.compare_digest(hashed.encode(), expected.encode())),
            "the token names nobody": isinstance(subject, str) and 0 < len(subject) <= 255,
        }
        return next((reason for reason, holds in checks.items() if not holds), None)

    def _email(self, claims: Mapping[str, Any]) -> str | None:
        email, verified = claims.get(self.provider.email_claim), claims.get(self.provider.verified_claim)
        if not isinstance(email, str) or verified not in (True, "true"):
            return None
        address = email.strip().lower()
        return address if "@" in address and address.rpartition("@")[2] in self.provider.domains else None

    def _is_strong(self, claims: Mapping[str, Any]) -> bool:
        methods = claims.get("amr")
        is_told = (isinstance(methods, list) and "mfa" in methods) or claims.get(
            "acr"
        ) in self.provider.strong_acr
        return self.provider.is_second_factor and is_told

    # --- fetching ----------------------------------------------------------------------------------------------------

    def _get(self, url: str, headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        try:
            answer = outgoing.get(
                url, self.settings, headers=dict(headers or {}) | {"accept": "application/json"}
            )
            found = answer.json()
        except outgoing.OutgoingError as error:
            raise self._down("no answer") from error
        if answer.status != 200 or not isinstance(found, dict):
            raise self._down(f"answered {answer.status}")
        return found

    def _down(self, reason: str) -> ProviderDown:
        log.warning("oidc_provider_down", provider=self.provider.key, reason=reason)
        return ProviderDown("Try again later, or sign in in another way.")

    def _refused(self, reason: str) -> SignInRefused:
        log.warning("oidc_refused", provider=self.provider.key, reason=reason)
        return SignInRefused("Begin again from the sign-in page.")


def clients(settings: Settings) -> dict[str, Client]:
    """A client for every provider of the settings, by key."""
    return {provider.key: Client(settings, provider) for provider in settings.oidc}


def _header(token: str) -> dict[str, Any]:
    part = token.partition(".")[0]
    try:
        found = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (binascii.Error, ValueError):
        return {}
    return found if isinstance(found, dict) and isinstance(found.get("alg"), str) else {}


def _b64(octets: bytes) -> str:
    return base64.urlsafe_b64encode(octets).rstrip(b"=").decode()


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
