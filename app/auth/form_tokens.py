"""The token that every form of ours carries, so that no page of another site can send one in a person's name.

It is bound to the session, or before there is one to a random cookie of the browser: a token out of another session,
or planted together with a cookie, opens nothing. Each page masks it anew, because pages are compressed and repeat parts
of their address: what never looks the same twice cannot be guessed by its length.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from collections.abc import Mapping

from app import errors
from app.auth.service import COOKIE
from app.settings import Settings

BROWSER_COOKIE = "bottega_browser"
FIELD = "form_token"
HEADER = "Form-Token"
_BYTES = hashlib.sha256().digest_size


class FormTokenMissing(errors.NotAllowed):
    """What changes something in a person's name has to come from a page of ours."""

    title = "The token of the form is missing or out of date"


def new_browser() -> str:
    """A value for the cookie of a browser that brings neither session nor browser cookie."""
    return secrets.token_urlsafe(32)


def holder(cookies: Mapping[str, str]) -> str | None:
    """What a token is bound to: the session, else the browser, else there is nothing yet."""
    for name in (COOKIE, BROWSER_COOKIE):
        if cookies.get(name):
            return f"{name}={cookies[name]}"
    return None


def issue(settings: Settings, bound_to: str) -> str:
    """A token for one page, masked."""
    mask = secrets.token_bytes(_BYTES)
    return base64.urlsafe_b64encode(mask + _xor(mask, _digest(settings, bound_to))).decode()


def require(settings: Settings, cookies: Mapping[str, str], token: object) -> None:
    """Refuse a token that was not issued for the session or browser that these cookies name. Raises FormTokenMissing."""
    bound_to = holder(cookies)
    if bound_to is None or not _is_genuine(settings, bound_to, token):
        raise FormTokenMissing("Open the page anew and send the form again.")


def _is_genuine(settings: Settings, bound_to: str, token: object) -> bool:
    if not isinstance(token, str):
        return False
    try:
        masked = base64.b64decode(token, altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return False
    mask, hidden = masked[:_BYTES], masked[_BYTES:]
    return len(masked) == 2 * _BYTES and hmac.compare_digest(_xor(mask, hidden), _digest(settings, bound_to))


def _digest(settings: Settings, bound_to: str) -> bytes:
    key = settings.secret_key.get_secret_value().encode()
    return hmac.digest(key, f"form-token:{bound_to}".encode(), "sha256")


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(left ^ right for left, right in zip(one, other, strict=True))
