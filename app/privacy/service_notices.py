"""Notices in two layers and their versions; who has said that they read which.

A version is a file per language, named by the day from which it holds. Its first paragraph is the short layer.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import db, errors
from app.auth.actors import AT_COMPANY, Actor, Role
from app.privacy.models import NoticeView

FOLDER = Path(__file__).with_name("notices")
_OF_ROLES = {
    "student": {Role.STUDENT},
    "staff": {Role.TEACHER, Role.SCHOOL_LEAD, Role.COORDINATOR, Role.ADMINISTRATOR},
    "company": AT_COMPANY,
    "profiling": {Role.STUDENT, Role.TEACHER, Role.SCHOOL_LEAD},
}


class NoSuchNotice(errors.NotFound):
    """There is no notice of this name, or none that holds yet, or not in this version."""

    title = "No such notice"


@dataclass(frozen=True, slots=True)
class Notice:
    """One version in one language; `parts` are headings with their paragraphs."""

    name: str
    version: str
    language: str
    title: str
    short: str
    parts: tuple[tuple[str, tuple[str, ...]], ...]


@cache
def versions(name: str) -> tuple[str, ...]:
    """The days from which the versions hold, in order."""
    if name not in _OF_ROLES:
        raise NoSuchNotice
    return tuple(sorted(path.name.removesuffix(".it.md") for path in (FOLDER / name).glob("*.it.md")))


def current(name: str, language: str, today: date) -> Notice:
    """The version that holds today. Raises NoSuchNotice."""
    holding = [version for version in versions(name) if version <= today.isoformat()]
    # Before the first one holds, it is announced already.
    return _read(name, (holding or list(versions(name))[:1])[-1], language)


@cache
def _read(name: str, version: str, language: str) -> Notice:
    blocks = (FOLDER / name / f"{version}.{language}.md").read_text("utf-8").strip().split("\n\n")
    title, short, *rest = blocks
    parts: list[tuple[str, list[str]]] = []
    for block in rest:
        if block.startswith("## "):
            parts.append((block.removeprefix("## "), []))
        else:
            parts[-1][1].append(block)
    whole = tuple((heading, tuple(paragraphs)) for heading, paragraphs in parts)
    return Notice(name, version, language, title.removeprefix("# "), short, whole)


def names_for(actor: Actor) -> list[str]:
    """The notices that concern the actor."""
    return [name for name, roles in _OF_ROLES.items() if actor.has_role(*roles)]


def unread(session: Session, actor: Actor, language: str, today: date) -> list[Notice]:
    """The notices for the actor whose present version they have not said to have read."""
    read = seen(session, actor)
    found = (current(name, language, today) for name in names_for(actor))
    return [notice for notice in found if (notice.name, notice.version) not in read]


def seen(session: Session, actor: Actor) -> dict[tuple[str, str], datetime]:
    """When the actor said to have read which version of which notice."""
    if actor.kind != "user":
        return {}
    rows = session.execute(
        sa.select(NoticeView.notice, NoticeView.version, NoticeView.seen_at).where(
            NoticeView.user_id == actor.id
        )
    )
    return {(row.notice, row.version): row.seen_at for row in rows}


def note(session: Session, actor: Actor, name: str, version: str, language: str, now: datetime) -> None:
    """Keep that the actor has read a version; a second time changes nothing. Raises NoSuchNotice."""
    if version not in versions(name):
        raise NoSuchNotice
    if actor.kind == "user":
        row = {"user_id": actor.id, "notice": name, "version": version, "language": language, "seen_at": now}
        session.execute(db.inserting(session, NoticeView).values(row).on_conflict_do_nothing())
