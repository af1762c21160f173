"""Integrators' keys: whoever answers for a school, a company or a territory issues, renews and ends them in the browser."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, TypedDict
from uuid import UUID

from fastapi import APIRouter, Form
from starlette.responses import Response

from app.accounts import service_programs as programs
from app.auth import rules, scopes
from app.auth import service_keys as keys
from app.auth.actors import Actor, Role
from app.auth.models import ApiKey
from app.web.ui import InView, View

router = APIRouter(prefix="/keys", include_in_schema=False)

MOST_LISTED = 100
DAYS = (90, 180, 365, 730)
OVERLAP_DAYS = (7, 30, 0)


class Binding(TypedDict):
    """The role of a new key, and what it is bound to."""

    role: Role
    school_id: UUID | None
    company_id: UUID | None
    territory_id: UUID | None


def _binding(actor: Actor) -> Binding:
    """A key issued here acts as its issuer does: programs in other roles are for the API and the command line."""
    [grant] = actor.grants
    return {
        "role": grant.role, "school_id": grant.school_id, "company_id": grant.company_id,
        "territory_id": grant.territory_id,
    }  # fmt: skip


@router.get("")
def show_keys(view: InView) -> Response:
    """The keys of what the reader answers for, and a form for a new one."""
    return _page(view)


def _page(
    view: View, *, status: int = 200, trouble: str = "", name: str = "", chosen: tuple[str, ...] = ()
) -> Response:
    now = view.now()
    with view.read() as (session, actor):
        found = keys.list_keys(session, actor, limit=MOST_LISTED)
        secrets = keys.secrets_of(session, found, now)
        titles = programs.titles(session, found)
    ended = [one for one in found if _has_ended(one, view)]
    return view.show(
        "account/keys.html", status=status, trouble=trouble, name=name, chosen=chosen, ended=ended,
        live=[one for one in found if one not in ended], secrets=secrets, titles=titles, most_listed=MOST_LISTED,
        scopes=sorted(scopes.of_role(_binding(actor)["role"])), days=DAYS, overlap_days=OVERLAP_DAYS,
    )  # fmt: skip


def _has_ended(key: ApiKey, view: View) -> bool:
    return rules.has_key_ended(revoked_at=key.revoked_at, expires_at=key.expires_at, now=view.now())


@router.post("")
def issue_key(
    view: InView,
    name: Annotated[str, Form(max_length=120)] = "",
    chosen: Annotated[list[str] | None, Form(alias="scopes", max_length=40)] = None,
    days: Annotated[int, Form(ge=1, le=730)] = 365,
) -> Response:
    """Issue a key, and show its secret this once."""
    name, wanted = name.strip(), tuple(chosen or ())
    if not name or not name.isprintable():
        return _page(view, status=422, trouble="name", name=name, chosen=wanted)
    if not wanted:
        return _page(view, status=422, trouble="scopes", name=name)
    with view.write() as (session, actor):
        keys.require_manager(actor, "keys:write")
        key, token = keys.issue_key(
            session, actor, name=name, scopes=wanted, days=days, now=view.now(), **_binding(actor)
        )
    return _issued(view, key, token)


@router.post("/{key_id}/rotate")
def rotate_key(
    view: InView, key_id: UUID, overlap_days: Annotated[int, Form(ge=0, le=30)] = OVERLAP_DAYS[0]
) -> Response:
    """Give a key a new secret, shown this once; the old one lives on for some days, or ends."""
    overlap = timedelta(days=overlap_days)
    try:
        with view.write() as (session, actor):
            key, token = keys.rotate_key(session, actor, key_id, overlap=overlap, now=view.now())
    except keys.KeyEnded:
        return _page(view, status=409, trouble="ended")
    except keys.StillOverlapping:
        return _page(view, status=409, trouble="overlapping")
    return _issued(view, key, token, old_until=view.now() + overlap if overlap else None)


@router.post("/{key_id}/revoke")
def revoke_key(view: InView, key_id: UUID) -> Response:
    """End a key at once."""
    with view.write() as (session, actor):
        keys.revoke_key(session, actor, key_id, now=view.now())
    return view.go("/keys")


def _issued(view: View, key: ApiKey, token: str, *, old_until: datetime | None = None) -> Response:
    return view.show("account/key_issued.html", key=key, token=token, old_until=old_until)
