"""Signing in with a provider of OpenID Connect: a button, the way there, and the way back."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Query
from starlette.responses import Response

from app import errors
from app.auth import oidc
from app.auth import service_oidc as flows
from app.web import cookies
from app.web.sign_in import begin, has_personas, welcome
from app.web.ui import InView, View, safe_next

router = APIRouter(include_in_schema=False)

COOKIE = "bottega_flow"


def _client(view: View, key: str) -> oidc.Client:
    clients: dict[str, oidc.Client] = view.request.app.state.oidc
    if key not in clients:
        raise errors.NotFound
    return clients[key]


@router.post("/sign-in/with/{key}")
def go_to_provider(
    view: InView,
    key: str,
    next: Annotated[str, Form(max_length=500)] = "",  # noqa: A002
) -> Response:
    """Begin a sign-in, and send the browser there.

    By a page that moves on, not by a redirect: the policy for forms lets them lead nowhere but here.
    """
    client, started = _client(view, key), flows.begin()
    try:
        address = client.authorization_url(
            state=started.state, nonce=started.nonce, verifier=started.verifier, now=view.now()
        )
    except oidc.ProviderDown:
        return _end(view, client, "down", 503)
    with view.open_write() as session:
        flows.keep(session, started, provider=key, next_page=safe_next(next), now=view.now())
    response = _end(view, client, "leaving", 200, address=address)
    response.headers["refresh"] = f"0; url={address}"
    cookies.put(response, COOKIE, started.browser, view.settings, lasts=flows.VALID_FOR)
    return response


@router.get("/sign-in/with/{key}/back")
def come_back(
    view: InView,
    key: str,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
    iss: Annotated[str | None, Query(max_length=300)] = None,
) -> Response:
    """The provider's answer, in the browser that asked. The one GET that changes something: the protocol wants it so,
    and without that browser's cookie it does nothing.
    """
    client, now = _client(view, key), view.now()
    browser = view.request.cookies.get(COOKIE, "")
    with view.open_write() as session:
        flow = flows.take(session, state=state, browser=browser, provider=key, now=now)
    if flow is None:
        return _end(view, client, "lost", 403)
    try:
        client.check_issuer(iss, now)
        if not code:
            return _end(view, client, "refused", 403)
        who = client.redeem(code, nonce=flow.nonce, verifier=flow.verifier, now=now)
    except oidc.ProviderDown:
        return _end(view, client, "down", 503)
    except oidc.SignInRefused:
        return _end(view, client, "refused", 403)
    with view.open_write() as session:
        user = flows.find_person(
            session, who, allows_demo=has_personas(view), request_id=errors.request_id(view.request), now=now
        )
        begun = begin(view, session, user, how="oidc", is_strong=who.is_strong) if user else None
    if begun is None:
        return _end(view, client, "unknown", 403)
    response = welcome(view, begun, flow.next)
    cookies.drop(response, COOKIE, view.settings)
    return response


def _end(view: View, client: oidc.Client, what: str, status: int, *, address: str = "") -> Response:
    label = getattr(client.provider, f"label_{view.language}")
    return view.show("account/oidc.html", status=status, what=what, label=label, address=address)
