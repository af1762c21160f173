"""Answers as JSON, with the values that stand in many of them put into words only once."""

from __future__ import annotations

from typing import Any

import orjson


class Repeated(dict[str, Any]):
    """A value that does not change and that many answers carry: a card, a sentence."""

    __slots__ = ("_written",)
    _written: orjson.Fragment

    def written(self) -> orjson.Fragment:
        """The value as JSON, worked out on first use."""
        if not hasattr(self, "_written"):
            self._written = orjson.Fragment(orjson.dumps(dict(self)))
        return self._written


def as_json(body: dict[str, Any]) -> bytes:
    """The body as JSON."""
    return orjson.dumps(body, default=_fragment, option=orjson.OPT_PASSTHROUGH_SUBCLASS)


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Repeated):
        return value.written()
    raise TypeError(f"a {type(value).__name__} cannot be written as JSON")
