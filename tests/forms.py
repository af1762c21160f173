"""Sending forms as a browser does that has opened the page before: with the token that stands in every form."""

from __future__ import annotations

import re
from functools import cache
from http.cookies import SimpleCookie
from typing import Any

import httpx2

from app.auth import form_tokens
from app.headers import PREFIX, SAFE_METHODS, cookie_name
from app.settings import Settings

_BROWSER = "a-browser-of-the-tests"
_TOKEN = re.compile(rf'name="{form_tokens.FIELD}" value="([\w=-]+)"')


def carry_token(request: httpx2.Request, settings: Settings | None = None) -> None:
    """A client's hook: what would change something carries the token for its session, or for a browser of ours.

    `client.event_hooks["request"].append(forms.carry_token)`; pass settings when the service has a secret of its own.
    """
    if request.method in SAFE_METHODS or form_tokens.HEADER in request.headers:
        return
    settings = settings or _usual_settings()
    written = request.headers.get("cookie", "")
    jar = SimpleCookie(written)
    bound_to = form_tokens.holder({name.removeprefix(PREFIX): one.value for name, one in jar.items()})
    if bound_to is None:
        own = f"{cookie_name(form_tokens.BROWSER_COOKIE, settings)}={_BROWSER}"
        request.headers["cookie"] = f"{written}; {own}" if written else own
        bound_to = f"{form_tokens.BROWSER_COOKIE}={_BROWSER}"
    request.headers[form_tokens.HEADER] = form_tokens.issue(settings, bound_to)


@cache
def _usual_settings() -> Settings:
    """Read once: to look for each setting in the environment takes a millisecond."""
    return Settings()


def token_of(page: str) -> str:
    """The token that stands in a page."""
    found = _TOKEN.search(page)
    assert found, "no form of this page carries a token"
    return found[1]


def without_tokens(page: str) -> str:
    """The page as it is for everybody; tokens differ each time."""
    return _TOKEN.sub("", page)


def send(context: Any, address: str, **fields: str) -> Any:
    """Post a form from a Chromium context, with a token out of the sign-in page or of where that leads."""
    token = token_of(context.request.get("/sign-in").text())
    return context.request.post(address, form=fields | {form_tokens.FIELD: token}, max_redirects=0)
