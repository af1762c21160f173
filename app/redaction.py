"""No personal value in a log line, whoever writes it.

Our own lines may say only what cannot name anybody: numbers, days, ids, and words of our own making. Lines of libraries are
free text, so what looks like an address, a number of a person or a telephone is taken out of them. Of an error only its kind
and its places in the code are told: messages of databases and parsers repeat the values that they stumbled on.
"""

from __future__ import annotations

import hashlib
import re
import sys
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from datetime import date, datetime
from types import TracebackType
from typing import Any
from uuid import UUID

REDACTED = "[redacted]"
_OURS = "app."
_FREE = frozenset({"event", "level", "timestamp", "logger", "exception", "_record", "_from_structlog"})
"""Written by us or by structlog; texts of events are literals of the code."""

# A word or a path of our own making: no capitals, no blanks, no at sign; days, moments and ids pass too.
_PLAIN = re.compile(
    r"[a-z0-9][a-z0-9_.:/{}+-]{0,119}|\d{4}-\d\d-\d\d[T ][\d:.+Z-]+|/[a-z0-9_.:/{}+-]{0,199}|"
)
_OWN_REQUEST = re.compile(r"[0-9a-f]{24}|")
_KINDS = re.compile(r"[A-Z][A-Za-z]{2,40}(Error|Exception|Warning|Invalid|Timeout|Busy)")
_LOOKS = tuple(
    re.compile(pattern)
    for pattern in (
        r"[\w.+'-]+@[\w-]+(\.[\w-]+)+",  # an address of mail
        r"\b[A-Za-z]{6}\d{2}[A-Za-z]\d{2}[A-Za-z]\d{3}[A-Za-z]\b",  # an Italian tax code
        r"\b[A-Z]{2}\d{2}[A-Z0-9]{11,30}\b",  # a bank account
        r"(?<![\w.:-])\+?\d{2,4}[ ./-]?\d{3,4}[ ./-]?\d{3,7}(?![\w:-])",  # a telephone
        r"\bbtg_[0-9a-f]{8}_\S+",  # a key of ours
        r"(?<=/calendar-feeds/)[\w-]{43}",  # the address of a calendar
        r"(?<=Parameters: ).*|(?<=\[parameters: ).*|(?<=DETAIL:).*",  # values that a database complains of
    )
)


def redact(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor: changes the line in place."""
    record = line.get("_record")
    is_ours = record is None or str(record.name).startswith(_OURS)
    for name, value in line.items():
        if name in {"_record", "_from_structlog", "exc_info"}:
            continue
        if name == "request_id":
            line[name] = _request_id(str(value))
        elif name in _FREE or not is_ours:
            line[name] = _text(value) if isinstance(value, str) else value
        else:
            line[name] = _value(value)
    return line


def _request_id(given: str) -> str:
    """Ours as it is; one that a caller chose as a hash, which the caller can make too."""
    if _OWN_REQUEST.fullmatch(given):
        return given
    return f"given-{hashlib.sha256(given.encode()).hexdigest()[:16]}"


def _value(value: object) -> object:
    if value is None or isinstance(value, (bool, int, float, date, datetime, UUID)):
        return value
    if isinstance(value, Mapping):
        return {name: _value(one) for name, one in value.items()}
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_value(one) for one in value]
    text = str(value)
    return text if _PLAIN.fullmatch(text) or _KINDS.fullmatch(text) else REDACTED


def _text(text: str) -> str:
    for pattern in _LOOKS:
        text = pattern.sub(REDACTED, text)
    return text


def tell_errors(_logger: object, _method: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The structlog processor: an error becomes its kind, its causes, and its places in the code."""
    told = line.pop("exc_info", None)
    if told is True:
        told = sys.exc_info()
    error = told[1] if isinstance(told, tuple) else told
    if isinstance(error, BaseException):
        line["exception"] = "\n".join(_lines(error))
    return line


def _lines(error: BaseException) -> Iterator[str]:
    seen: set[int] = set()
    link: BaseException | None = error
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        kind = type(link)
        yield f"{kind.__module__}.{kind.__qualname__}"
        yield from _places(link.__traceback__)
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)


def _places(trace: TracebackType | None) -> Iterator[str]:
    for frame in traceback.extract_tb(trace):
        yield f"  {frame.filename}:{frame.lineno} in {frame.name}"
