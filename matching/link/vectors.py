"""Vectors of many labels in a byte a number, and their cosines with a few texts."""

from __future__ import annotations

from typing import Any, Final

import numpy as np

from matching.link.loops import loops

Floats = np.ndarray[Any, np.dtype[np.float32]]

_GREATEST: Final = 127
_LEAST: Final = np.float32(np.finfo(np.float16).tiny)


class Vectors:
    """Rows of length 1 in groups.

    Each row is whole numbers up to 127 times a scale. Products of whole numbers are exact in any order, so that compiled
    loops and matrix products agree; what is rounded away is far less than what encoders differ by.

    Parameters
    ----------
    rows
        Rows × numbers, fewer than a thousand numbers each.
    starts
        Where each group begins; rising, the first 0.
    """

    def __init__(self, rows: Floats, starts: np.ndarray[Any, Any]) -> None:
        self._loops = loops()
        self._scales, whole = _whole(rows)
        self._rows = whole if self._loops is None else whole.astype(np.int8)
        self._ends = np.append(starts, len(rows)).astype(np.int64)

    def floats(self) -> Floats:
        """The rows; made into `Vectors` again they are the same to the bit."""
        return np.asarray(self._rows * self._scales[:, None], np.float32)

    def row(self, place: int) -> Floats:
        """One of them."""
        return np.asarray(self._rows[place] * self._scales[place], np.float32)

    def cosines(self, texts: Floats) -> Floats:
        """The greatest cosine of each text with a row of each group, as texts × groups."""
        scales, whole = _whole(texts)
        if self._loops is not None:
            return self._loops.cosines(self._rows, self._scales, self._ends, whole.astype(np.int16), scales)
        found = (whole @ self._rows.T) * (self._scales * scales[:, None])
        return np.asarray(np.maximum.reduceat(found, self._ends[:-1], axis=1))


def _whole(rows: Floats) -> tuple[Floats, Floats]:
    """A scale for each row and whole numbers up to 127: their product is the row, nearly.

    A scale has so few bits that 127 times it is exact: whole numbers that are taken apart once more stay what they are.
    """
    scales = (np.abs(rows).max(axis=1) / np.float32(_GREATEST)).astype(np.float16).astype(np.float32)
    scales = np.maximum(scales, _LEAST)
    return scales, np.rint(rows / scales[:, None])
