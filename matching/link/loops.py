"""The inner loops of the linker in C (`words.c`), where they were compiled: see `matching.kernel`."""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np

from matching.kernel import Column, Record, address, columns_of, fields_of, kernel

_ASKED: Final = "@dq"
"""A word of a query, `Asked` in `words.c`."""


class Spelt(Record):
    """Words and the pieces that they consist of."""

    kinds = columns_of(
        first=np.int64,
        word=np.int32,
        pieces=np.int32,
        share=np.float32,
        start=np.int64,
        letter=np.uint32,
    )
    _fields_ = fields_of(kinds, "words")


class Labels(Record):
    """The labels of all concepts."""

    kinds = columns_of(
        held=np.int64,
        holder=np.int32,
        most=np.float32,
        entry=np.int64,
        label=np.int32,
        place=np.int32,
        value=np.float32,
    )
    _fields_ = fields_of(kinds, "concepts", "words")


def asked(values: Mapping[int, float], weight: float) -> bytes:
    """A word of a query, for `nearest`: its weight, and by place what the words count that it may stand for."""
    return struct.pack(
        f"{_ASKED}{len(values)}d{len(values)}i0d", weight, len(values), *values.values(), *values
    )


class Loops:
    """The linker's part of the library.

    Raises
    ------
    OSError
        A library with other structures.
    """

    def __init__(self, library: Any) -> None:
        sizes = {
            "spelt": ctypes.sizeof(Spelt),
            "labels": ctypes.sizeof(Labels),
            "asked": struct.calcsize(_ASKED),
        }
        for name, size in sizes.items():
            told = library[f"size_of_{name}"]  # a function object of its own, which nobody else has set up
            told.restype = ctypes.c_int64
            if told() != size:
                raise OSError("the library was compiled from another source")
        pointer, number, real = ctypes.c_void_p, ctypes.c_int64, ctypes.c_double
        self._near, self._meant, self._nearest = library["near"], library["meant"], library["nearest"]
        self._near.argtypes = [
            *(pointer, number, pointer, ctypes.c_float),
            *(ctypes.c_float, number, pointer, pointer),
        ]
        self._meant.argtypes = [
            *(pointer, number, pointer, number, number, ctypes.c_char_p),
            *(number, number, pointer, pointer),
        ]
        self._nearest.argtypes = [
            *(pointer, number, ctypes.c_char_p, number, real, real),
            *(number, pointer, pointer, number, pointer),
            *(number, pointer, pointer),
        ]
        for one in (self._near, self._meant, self._nearest):
            one.restype = number
        self._cosines = library["cosines"]
        self._cosines.argtypes = [
            *(pointer, pointer, number, number, pointer),
            *(number, pointer, pointer, pointer),
        ]
        self._cosines.restype = None

    def near(
        self, words: Spelt, pieces: Sequence[int], own: float, least: float, most: int
    ) -> list[tuple[int, float]]:
        """The words, `most` at the most, whose cosine with some pieces is at least `least`, and the cosines."""
        found, cosines = (ctypes.c_int32 * most)(), (ctypes.c_float * most)()
        known = (ctypes.c_int32 * len(pieces))(*pieces)
        count = _counted(
            self._near(ctypes.addressof(words), len(pieces), known, own, least, most, found, cosines)
        )
        return list(zip(found[:count], cosines[:count], strict=True))

    def meant(
        self, words: Spelt, pieces: Sequence[int], size: int, word: str, sound: int, most: int
    ) -> tuple[int, list[int]]:
        """In how many letters, `most` at the most, a word of `size` pieces differs from the nearest ones, and these."""
        found, edits = np.empty(words.words, np.int32), ctypes.c_int64()
        known = (ctypes.c_int32 * len(pieces))(*pieces)
        letters = word.encode("utf-32-le", "surrogatepass")
        count = _counted(
            self._meant(
                *(ctypes.addressof(words), len(pieces), known, size, len(word), letters),
                *(sound, most, ctypes.addressof(edits), address(found)),
            )
        )
        return edits.value, found[:count].tolist()

    def nearest(
        self,
        labels: Labels,
        words: Sequence[bytes],
        leading: int,
        lengths: tuple[float, float],
        weights: Column,
        meaning: Column,
        same: Sequence[int],
        most: int,
    ) -> list[tuple[int, float]]:
        """The best concepts for a query of some words (as `asked` made them), with their scores.

        Parameters
        ----------
        lengths
            The root of the sum of the words' squared weights, and their sum.
        meaning
            Of each feature beyond the words' a line of all concepts.
        same
            Concepts with a label of these very words.
        """
        found, scores = (ctypes.c_int64 * most)(), (ctypes.c_double * most)()
        lines = np.ascontiguousarray(meaning, np.float32)
        count = _counted(
            self._nearest(
                *(ctypes.addressof(labels), len(words), b"".join(words), leading, *lengths),
                *(len(weights), address(weights), address(lines)),
                *(len(same), (ctypes.c_int64 * len(same))(*same), most, found, scores),
            )
        )
        return list(zip(found[:count], scores[:count], strict=True))

    def cosines(self, rows: Column, scales: Column, ends: Column, texts: Column, own: Column) -> Column:
        """Of each text the greatest cosine with a row of each group, as texts × groups.

        Parameters
        ----------
        rows, scales
            Whole numbers of a byte, and by what each row is multiplied.
        ends
            Where each group begins, and where the last one ends.
        texts, own
            The same of the texts, of two bytes.
        """
        groups = len(ends) - 1
        found = np.empty((len(texts), groups), np.float32)
        self._cosines(
            *(address(rows), address(scales), rows.shape[1], groups, address(ends)),
            *(len(texts), address(texts), address(own), address(found)),
        )
        return found


def _counted(found: int) -> int:
    if found < 0:
        raise MemoryError
    return found


def loops() -> Loops | None:
    """The loops, where they were compiled from these very sources."""
    known = kernel()
    return None if known is None else Loops(known.library)
