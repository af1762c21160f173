"""One's own access: language, password, second factor, sessions, and what has happened to it."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from app.auth import rules, service_log
from app.auth import service_passwords as passwords
from app.auth import service_second_factors as factors
from app.auth import service_sessions as sessions
from app.auth import service_throttles as throttles
from app.auth.service_throttles import Door, TooManyTries, Turn
from app.web.language import mark as _
from app.web.sign_in import HOW, enter
from app.web.ui import InView, View

router = APIRouter(prefix="/account", include_in_schema=False)

Password = Annotated[str, Form(max_length=1000)]
"""Longer than any that is taken, so that the page can say so itself."""


@router.get("")
def show_account(view: InView) -> Response:
    """The account page."""
    return _page(view)


def _page(view: View, *, status: int = 200, trouble: str = "", wait: str = "") -> Response:
    with view.read() as (session, _actor):
        present = sessions.find_present(session, view.session_cookie, view.now())
        found = {
            "present": present,
            "sessions": sessions.list_sessions(session, present.user_id, view.now()),
            "noted": service_log.list_own(session, present.user_id),
            "codes_left": factors.count_recovery_codes(session, present.user_id),
        }
    return view.show(
        "account/account.html", status=status, trouble=trouble, wait=wait, how=HOW, happened=HAPPENED,
        troubles=TROUBLES, shortest=rules.SHORTEST_PASSWORD, done=view.request.query_params.get("done", ""), **found,
    )  # fmt: skip


@router.post("/password")
def change_password(view: InView, password: Password = "", new_password: Password = "") -> Response:
    """Set or change the password; the other sessions end."""
    return _keep_password(view, password, new_password)


@router.post("/password/remove")
def remove_password(view: InView, password: Password = "") -> Response:
    """Do without a password; the mailed link is left. The other sessions end."""
    return _keep_password(view, password, None)


def _keep_password(view: View, given: str, new: str | None) -> Response:
    with view.read() as (session, _actor):
        present = sessions.find_present(session, view.session_cookie, view.now())
        stored = passwords.stored_hash(session, present.user_id)
    try:
        made = None if new is None else passwords.make_hash(present, new)
        turn = _count_try(view, present.sign_in_name) if given else None
        passwords.prove(stored, present, given)
    except passwords.BadPassword as refusal:
        return _page(view, status=422, trouble=refusal.fault)
    except TooManyTries as refusal:
        return _page(view, status=429, trouble="wait", wait=refusal.headers["Retry-After"])
    except passwords.NotProven:
        return _page(view, status=403, trouble="not_proven")
    with view.write() as (session, _actor):
        if turn is not None:
            throttles.give_back(session, turn, view.now())
        passwords.keep(session, present, made, request_id=view.request_id)
    return view.go("/account?done=password#password")


def _count_try(view: View, email: str) -> Turn:
    with view.open_write() as session:
        return enter(view, session, Door.PASSWORD, email)


@router.post("/sessions/{session_id}/end")
def end_session(view: InView, session_id: UUID) -> Response:
    """End one of one's own sessions."""
    with view.write() as (session, actor):
        assert actor.id is not None  # noqa: S101 -- for the type checker; a person has an id
        sessions.end(session, actor.id, session_id, request_id=view.request_id)
    return view.go("/account?done=session#sessions")


@router.post("/sessions/end-others")
def end_other_sessions(view: InView) -> Response:
    """End all of one's own sessions but this one."""
    with view.write() as (session, _actor):
        present = sessions.find_present(session, view.session_cookie, view.now())
        sessions.end_all(session, present.user_id, keeps=present.session_id, request_id=view.request_id)
    return view.go("/account?done=sessions#sessions")


HAPPENED = {
    "signed_in": _("Accesso riuscito"),
    "sign_in_failed": _("Accesso non riuscito"),
    "throttled": _("Troppi tentativi: i prossimi devono aspettare"),
    "sign_in_mailed": _("Link per accedere mandato per e-mail"),
    "signed_out": _("Uscita"),
    "password_changed": _("Password cambiata"),
    "password_removed": _("Password tolta"),
    "second_factor_given": _("Secondo passaggio riuscito"),
    "second_factor_added": _("Verifica in due passaggi attivata"),
    "second_factor_removed": _("Verifica in due passaggi tolta"),
    "recovery_codes_made": _("Nuovi codici di riserva"),
    "recovery_code_used": _("Codice di riserva usato"),
    "session_ended": _("Sessioni chiuse"),
    "identity_linked": _("Accesso collegato a un altro servizio"),
    "deactivated": _("Accesso sospeso da chi ne risponde"),
    "reactivated": _("Accesso riattivato"),
}
TROUBLES = {
    "short": _("È troppo corta: servono almeno 10 caratteri."),
    "long": _("È troppo lunga: al massimo 200 caratteri."),
    "common": _("È tra le prime che chiunque proverebbe. Scegli tre o quattro parole a caso."),
    "plain": _("Ripete pochi segni, o li mette in fila. Scegli tre o quattro parole a caso."),
    "own": _("È fatta del tuo nome o del tuo indirizzo. Scegli tre o quattro parole a caso."),
    "not_proven": _(
        "La password attuale non è giusta, oppure sei qui da un po'. Scrivila, o accedi di nuovo."
    ),
}
