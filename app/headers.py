"""What every answer tells browsers, and how cookies are named in production."""

from __future__ import annotations

from collections.abc import Iterable

from app.settings import Settings

PREFIX = "__Host-"
"""Browsers keep a cookie of such a name only for this host, over HTTPS, for all paths: none can be planted beside it."""
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, so that it does not matter which page made a browser send them."""
_OURS = "bottega_"
_YEAR = 365 * 24 * 3600

Raw = tuple[bytes, bytes]


def content_policy(*form_targets: str) -> str:
    """Where a page's parts may come from: here, and nowhere else.

    `form_targets` are origins that a form's answer may send the browser on to, such as a provider of identities.
    """
    rules = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        # The kit draws its icons and symbols out of its own style sheet.
        "img-src": "'self' data:",
        "font-src": "'self' data:",
        "connect-src": "'self'",
        "object-src": "'none'",
        "base-uri": "'none'",
        "form-action": " ".join(["'self'", *form_targets]),
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{name} {sources}" for name, sources in rules.items())


def of_every_answer(settings: Settings) -> dict[str, str]:
    """Headers that an answer has unless it says otherwise itself."""
    headers = {
        "content-security-policy": content_policy(),
        "x-content-type-options": "nosniff",
        "referrer-policy": "same-origin",
        "permissions-policy": "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), usb=()",
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-resource-policy": "same-origin",
        "cache-control": "no-store",
    }
    if settings.environment == "production":
        headers["strict-transport-security"] = f"max-age={_YEAR}; includeSubDomains"
    return headers


def cookie_name(name: str, settings: Settings) -> str:
    """What browsers know one of our cookies as."""
    return PREFIX + name if settings.environment == "production" else name


def known_cookies(headers: Iterable[Raw]) -> list[Raw]:
    """A production request's headers with our cookies under the names that the code knows; planted ones are gone."""
    return [(name, _known(value) if name == b"cookie" else value) for name, value in headers]


def _known(written: bytes) -> bytes:
    pairs = [pair.strip() for pair in written.split(b";")]
    prefix, ours = PREFIX.encode(), _OURS.encode()
    return b"; ".join(pair.removeprefix(prefix) for pair in pairs if not pair.startswith(ours))


def guarded_cookie(written: str) -> str:
    """A production answer's `Set-Cookie` with the prefix and with all that the prefix, and we, ask for."""
    name, *attributes = [part.strip() for part in written.split(";")]
    kept = [
        one
        for one in attributes
        if one.partition("=")[0].lower() not in ("path", "domain", "secure", "httponly")
    ]
    return "; ".join(
        [f"{PREFIX}{name}" if name.startswith(_OURS) else name, *kept, "Path=/", "Secure", "HttpOnly"]
    )
