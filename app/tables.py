"""Delimited files that we write: every cell as a spreadsheet must read it, as text and never as a formula."""

from __future__ import annotations

import csv
from collections.abc import Iterable
from typing import TextIO

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")


def safe_cell(value: object) -> object:
    """The value; a text that a spreadsheet would calculate gets an apostrophe before it, which spreadsheets hide.

    Numbers stay numbers, a negative one too. Follows OWASP's advice on CSV injection.
    """
    if isinstance(value, str) and value.lstrip(" \u00a0").startswith(_FORMULA):
        return "'" + value
    return value


class Writer:
    """A CSV writer (RFC 4180) whose cells are safe."""

    def __init__(self, stream: TextIO, delimiter: str) -> None:
        self._writer = csv.writer(stream, delimiter=delimiter)

    def writerow(self, cells: Iterable[object]) -> None:
        """Write one row."""
        self._writer.writerow([safe_cell(cell) for cell in cells])

    def writerows(self, rows: Iterable[Iterable[object]]) -> None:
        """Write several rows."""
        for row in rows:
            self.writerow(row)


def writer(stream: TextIO, *, delimiter: str = ",") -> Writer:
    """Like `csv.writer`, for what people open."""
    return Writer(stream, delimiter)
