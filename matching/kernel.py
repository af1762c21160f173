"""The inner loops of a ranking in C (`kernel.c`), where they were compiled: `python -m matching.build`."""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from functools import cache
from hashlib import blake2b
from pathlib import Path
from typing import Any, ClassVar, Final, NamedTuple, Self

import numpy as np
import numpy.typing as npt

SOURCES: Final = (Path(__file__).with_suffix(".c"), Path(__file__).with_name("link") / "words.c")
LIBRARY: Final = SOURCES[0].with_suffix(
    ".compiled"
)  # no module: whatever looks for those must not try to import it

PARTS: Final = 10
"""Parts of a score that it works out: all but a learnt chance."""

Column = npt.NDArray[Any]


def digest() -> bytes:
    """What tells one state of the sources from another: a library of another one is not used."""
    return blake2b(b"".join(source.read_bytes() for source in SOURCES), digest_size=16).hexdigest().encode()


class Record(ctypes.Structure):
    """A structure of `kernel.c`: the addresses of columns, then numbers."""

    kinds: ClassVar[Mapping[str, np.dtype[Any]]]

    def __init__(self, *columns: Column | None, **numbers: int) -> None:
        begins = [address(one) if one is not None and one.size else None for one in columns]
        super().__init__(*begins, **numbers)
        self.columns = columns  # they live as long as it does

    @classmethod
    def checked(cls, **values: Any) -> Self:
        """The structure of columns that were not made for it.

        Raises
        ------
        TypeError
            A column of another type than the library reads, or not in one piece.
        """
        columns = [values.pop(name) for name in cls.kinds]
        for (name, kind), column in zip(cls.kinds.items(), columns, strict=True):
            if column.dtype != kind or not column.flags.c_contiguous:
                raise TypeError(f"{name} is {column.dtype} where {kind} in one piece is read")
        return cls(*columns, **values)


def columns_of(**columns: type[np.generic]) -> dict[str, np.dtype[Any]]:
    return {name: np.dtype(kind) for name, kind in columns.items()}


def fields_of(kinds: Mapping[str, np.dtype[Any]], *numbers: str) -> list[tuple[str, Any]]:
    return [(name, ctypes.c_void_p) for name in kinds] + [(name, ctypes.c_int64) for name in numbers]


def address(column: Any) -> int:
    """Where a column begins."""
    try:
        return ctypes.addressof(ctypes.c_char.from_buffer(column))  # much quicker than the other way
    except (TypeError, ValueError):  # it must not be written to, or it is empty
        return int(column.__array_interface__["data"][0])


class Tables(Record):
    """What is read of a vocabulary: what a held skill and an interest touch, and what grades are worth."""

    kinds = columns_of(
        worth=np.float64,
        level=np.float64,
        covers_first=np.int64,
        covers_concept=np.int32,
        covers_value=np.float64,
        pleases_first=np.int64,
        pleases_concept=np.int32,
        pleases_value=np.float64,
    )
    _fields_ = fields_of(kinds, "concepts")


class Columns(Record):
    """What is read of a layout."""

    kinds = columns_of(
        kind=np.uint8,
        need_at=np.int32,
        need_count=np.uint16,
        need=np.uint32,
        levels=np.uint16,
        span_at=np.int32,
        span_count=np.uint16,
        span_start=np.int32,
        span_end=np.int32,
        span_days=np.int32,
        span_pattern=np.uint16,
        min_age=np.int16,
        max_age=np.int16,
        hours=np.int32,
        freshness=np.float64,
        answers=np.float64,
        eligibility=np.uint32,
        ties=np.uint64,
        least=np.float64,
        first=np.int64,
    )
    _fields_ = fields_of(kinds, "training_from", "day", "grid_first", "grid_length", "patterns")


class Caller(Record):
    """What is read of a student."""

    kinds = columns_of(
        met=np.float64,
        gain=np.float64,
        interest=np.float64,
        ability=np.float64,
        admits=np.bool_,
        affinity=np.float64,
        weights=np.float64,
        totals=np.float64,
        counts=np.int32,
        outside=np.float64,
        enough=np.int64,
        too_old=np.int64,
    )
    _fields_ = fields_of(kinds, "ages", "hours_owed", "has_interests")


class Best(NamedTuple):
    """Rows in order, at which of the given points each lies, its score, and its parts, a line for each part."""

    rows: Column
    places: Column
    scores: Column
    parts: Column


class Kernel:
    """The compiled library.

    Raises
    ------
    OSError
        No library, one of another source, or one for another machine.
    """

    def __init__(self, path: Path) -> None:
        self.library = library = ctypes.CDLL(str(path))
        library.digest.restype = ctypes.c_char_p
        for record in (Tables, Columns, Caller):
            size = getattr(library, f"size_of_{record.__name__.lower()}")
            size.restype = ctypes.c_int64
            if library.digest() != digest() or size() != ctypes.sizeof(record):
                raise OSError(f"{path.name} was compiled from another source")
        pointer, number = ctypes.c_void_p, ctypes.c_int64
        self._profile, self._best = library.profile, library.best
        self._profile.argtypes = [pointer, number, pointer, number, *(pointer,) * 6]
        self._profile.restype = None
        self._best.argtypes = [
            *(pointer, pointer, number, pointer, pointer),
            *(pointer, pointer, ctypes.c_uint64, number),
            *(pointer,) * 4,
        ]
        self._best.restype = number

    def profile(
        self, tables: Tables, held: Sequence[int], liked: Sequence[int], levels: int
    ) -> tuple[Column, Column, Column, Column]:
        """The tables of a student: what is met and gained by need, interest and ability by concept.

        Parameters
        ----------
        held
            Concept × 16 + grade of each held skill.
        liked
            The concept of each interest.
        """
        size: int = tables.concepts
        needs = size * levels
        out = np.empty(2 * needs + 3 * size)
        cuts = (0, needs, 2 * needs, 2 * needs + size, 2 * needs + 2 * size)
        start = address(out)
        met, gain, interest, ability, known = [start + cut * out.itemsize for cut in cuts]
        codes, wishes = np.array(held, np.int64), np.array(liked, np.int64)
        self._profile(
            *(ctypes.addressof(tables), len(codes), address(codes), len(wishes), address(wishes)),
            *(known, met, gain, interest, ability),
        )
        return out[:needs], out[needs : 2 * needs], out[cuts[2] : cuts[3]], out[cuts[3] : cuts[4]]

    def best(
        self,
        most: int,
        columns: Columns,
        caller: Caller,
        points: Column,
        travel: Column,
        gone: Column | None,
        last: tuple[float, np.uint64] | None,
    ) -> Best:
        """The best `most` of the rows at some points behind the last line seen.

        Parameters
        ----------
        travel
            The travel part of each point.
        gone
            By row, which to leave out.
        last
            Score and tie of the last line seen.
        """
        rows, places, scores = np.empty(most, np.int64), np.empty(most, np.int64), np.empty(most)
        parts = np.empty((most, PARTS))
        last_score = None if last is None else ctypes.c_double(last[0])
        found = self._best(
            *(ctypes.addressof(columns), ctypes.addressof(caller)),
            *(len(points), address(points), address(travel)),
            None if gone is None else address(gone),
            None if last_score is None else ctypes.addressof(last_score),
            0 if last is None else int(last[1]),
            *(most, *map(address, (rows, places, scores, parts))),
        )
        if found < 0:
            raise MemoryError
        return Best(rows[:found], places[:found], scores[:found], parts[:found].T)


@cache
def kernel() -> Kernel | None:
    """The library, where it was compiled from this very source."""
    try:
        return Kernel(LIBRARY)
    except OSError:
        return None
