"""Repeated values are written as any others are, only once."""

from __future__ import annotations

import json

import orjson
import pytest

from app.matches.written import Repeated, as_json
from app.opportunities.models import Kind


def test_repeated_values_are_written_as_plain_ones_are() -> None:
    card = Repeated(title="Officina «Rossi»", spans=[{"days": 3}], seats=None)
    body = {"items": [{"opportunity": card, "score": 0.1}, {"opportunity": card}], "kind": Kind.VISIT}
    plain = {
        "items": [{"opportunity": dict(card), "score": 0.1}, {"opportunity": dict(card)}],
        "kind": "visit",
    }
    assert as_json(body) == orjson.dumps(plain)
    assert json.loads(as_json(body)) == plain
    assert card.written() is card.written()


def test_what_cannot_be_written_is_refused() -> None:
    with pytest.raises(orjson.JSONEncodeError, match="not JSON serializable: object"):
        as_json({"what": object()})
