"""Bringing the rules that ship with the service into the table; what is there is never changed."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.auth.actors import Actor
from app.events import service as events
from app.imports import Loaded
from app.laws.models import LawRule, Measure, Severity
from app.laws.rules import WAYS, unknown_names

DATA = Path(__file__).parent / "data"


class RuleError(Exception):
    """A shipped rule is wrong; names the rule and the fault."""


def read_rules(path: Path = DATA / "rules.toml") -> list[dict[str, Any]]:
    """The shipped rules as columns. Raises RuleError."""
    with path.open("rb") as file:
        return [_columns(one) for one in tomllib.load(file)["rule"]]


def load(session: Session, actor: Actor, shipped: Sequence[dict[str, Any]]) -> Loaded:
    """Add the rules that are not there yet; a rule's origin says which it is. Loading twice changes nothing."""
    known = set(session.scalars(sa.select(LawRule.origin).where(LawRule.origin.is_not(None))))
    newest = dict(
        session.execute(sa.select(LawRule.code, sa.func.max(LawRule.version)).group_by(LawRule.code)).all()
    )
    created = 0
    for columns in shipped:
        if columns["origin"] in known:
            continue
        newest[columns["code"]] = version = newest.get(columns["code"], 0) + 1
        now = datetime.now(UTC)
        session.add(LawRule(**columns, version=version, created_at=now, created_by=actor.mark))
        created += 1
    session.flush()
    loaded = Loaded(len(shipped), created)
    if created:
        events.record(session, actor, "law_rules.loaded", "all", loaded._asdict())
    return loaded


def _columns(one: dict[str, Any]) -> dict[str, Any]:
    try:
        measure = Measure(one["measure"])
        parameters = WAYS[measure].parameters.model_validate(one.get("parameters", {}))
        columns = {
            "code": one["code"], "measure": measure, "parameters": parameters.model_dump(mode="json"),
            "severity": Severity(one["severity"]), "is_repealed": one.get("is_repealed", False),
            "starts_on": one["starts_on"], "ends_on": one.get("ends_on"), "jurisdiction": one.get("jurisdiction", "IT"),
            "applies_to": " ".join(one.get("applies_to", ())), "source": one["source"], "link": one.get("link"),
            "is_recalled": one.get("is_recalled", False), "message_it": one["message_it"],
            "message_en": one["message_en"], "origin": f"{one['code']} {one['starts_on']}",
        }  # fmt: skip
    except (KeyError, ValueError) as error:
        raise RuleError(f"{one.get('code')}: {error}") from error
    for name in ("message_it", "message_en"):
        unknown = unknown_names(measure, columns[name])
        if unknown:
            raise RuleError(f"{one['code']}: {name} has no value for {unknown}")
    return columns
