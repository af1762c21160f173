"""Which figures can be published so that nobody works out a small count from them: pure, and proven by linear programs.

People are counted in *atoms*: cells that do not overlap, such as the students of one area and one kind of school who
came as far as a visit. A *figure* is the sum over a set of atoms: a cell of a table, a margin, area A, areas A and B
together, everybody who came at least as far as a visit. So margins, nested and overlapping tables are one thing, and
another edition of the same table is one more thing of that sort: its atoms are the old ones and what has come since.

A published figure is told down to a multiple of `base`, which leaves an interval. Whoever wants to know a count takes
all published intervals together and asks between which bounds it lies: two linear programs. A *secret*, which is any
figure below `least` and any growth between editions, must keep at least `least` possible values. Where it does not, the
dual values of the program say on which published figures the bound rests, and the smallest of these is left out: secondary
suppression (Fischetti and Salazar 2001; Hundepool and others, Statistical Disclosure Control, 2012, chapter 4).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from math import ceil, floor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

LEAST = 5
"""Counts below it are secrets; a secret keeps as many possible values."""

Atoms = frozenset[int]
Figures = Mapping[str, Atoms]
"""What each figure sums up, by its key."""
Pairs = Sequence[tuple[Atoms, Atoms]]
"""Sums of atoms that are the same people, counted in two ways: everybody knows that both are equal."""
Told = Mapping[str, int | None]
"""What is published of each figure: at least so many, or nothing."""


class Bounds(NamedTuple):
    """The least and the most that a count can be, as far as published figures tell; `highest` None is no limit."""

    lowest: int
    highest: int | None

    @property
    def values(self) -> float:
        """How many values are possible."""
        return float("inf") if self.highest is None else self.highest - self.lowest + 1


class Contradiction(ValueError):  # noqa: N818 -- says what it is
    """No counts at all agree with what is published."""


class Published:
    """What everybody can know: sums of atoms, each at least its value and less than `base` more."""

    def __init__(self, size: int, editions: int, base: int) -> None:
        self.size, self.atoms, self.base = size, size * editions, base
        self.rows: dict[tuple[int, str], tuple[Atoms, int]] = {}
        self.equal: list[tuple[Atoms, Atoms]] = []
        self.fallen: frozenset[int] = frozenset()
        """What has come to an atom by an edition and may be less than nothing: not fewer than there were, though."""
        self._points: list[npt.NDArray[np.float64]] = []
        """Counts that agree with all rows, found on the way; taking rows out leaves them so."""

    def bounds(self, secret: Atoms) -> tuple[Bounds, list[tuple[int, str]]]:
        """What the rows give away of a sum of atoms, and on which of them that rests. Raises Contradiction."""
        # They take a tenth of a second to come, and few calls need them.
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, vstack

        keys = list(self.rows)
        if not keys:
            return Bounds(0, None), []
        sums, limits = self._written()
        left = self._left()
        same = np.zeros((len(self.equal), self.atoms))
        for line, (one, other) in enumerate(self.equal):
            same[line, list(one)], same[line, list(other)] = 1, -1
        ends: list[float | None] = []
        rests = np.zeros(len(keys), bool)
        for sign in (1, -1):
            aim = np.zeros(self.atoms)
            aim[list(secret)] = sign
            solved = linprog(
                aim, A_ub=vstack([sums, -sums, -left]), b_ub=[*limits, *[0] * left.shape[0]], A_eq=csr_array(same) if self.equal else None,
                b_eq=np.zeros(len(same)) if self.equal else None, bounds=self._ends(), method="highs",
            )  # fmt: skip
            if solved.status == _UNBOUNDED:
                ends.append(None)
                continue
            if solved.status:
                raise Contradiction(solved.message)
            self._points.append(solved.x)
            ends.append(sign * solved.fun)
            on_rows = solved.ineqlin.marginals[: 2 * len(keys)]
            rests |= np.abs(on_rows).reshape(2, -1).max(axis=0) > _NEARLY
        return _whole(*ends), [key for key, holds in zip(keys, rests, strict=True) if holds]

    def make_agree(self, latest: int) -> None:
        """Some counts have fallen since they were told: let them, or else leave out what editions before `latest` told.

        Whoever takes all others for growing learns from those still. Where the narrowest figures are seen to fall, their
        atoms may. If that is not enough, rows go that miss the others by the least amount in all; wide ones rather than
        narrow ones, for whatever fell lies in more of them. Raises Contradiction.
        """
        from scipy.optimize import linprog
        from scipy.sparse import csr_array, eye_array, hstack, vstack

        if self._let_fall():
            return
        keys = list(self.rows)
        sums, limits = self._written()
        left = self._left()
        missed = hstack([vstack([sums, -sums]), -eye_array(2 * len(keys))])
        missed = vstack([missed, hstack([-left, csr_array((left.shape[0], 2 * len(keys)))])])
        ends = [*self._ends(), *((0, None if age < latest else 0) for age, _ in (*keys, *keys))]
        narrow = [1.0 / len(self.rows[key][0]) for key in keys]
        aim = np.concatenate([np.zeros(self.atoms), narrow, narrow])
        solved = linprog(aim, A_ub=missed, b_ub=[*limits, *[0] * left.shape[0]], bounds=ends, method="highs")
        if solved.status:
            raise Contradiction(solved.message)
        by_row = solved.x[self.atoms :].reshape(2, -1).max(axis=0)
        for row, amount in zip(keys, by_row, strict=True):
            if amount > _NEARLY:
                del self.rows[row]

    def _let_fall(self) -> bool:
        """Let the atoms fall of the narrowest figures that are seen to have fallen; False if that is done already."""
        fallen: dict[tuple[int, int], set[Atoms]] = {}
        last: dict[str, tuple[int, Atoms, int]] = {}
        for age, key in sorted(self.rows):
            atoms, value = self.rows[age, key]
            before, until, was = last.get(key, (age, atoms, value))
            if value < was:
                fallen.setdefault((before, age), set()).add(atoms - until)
            last[key] = age, atoms, value
        narrowest = (
            one for some in fallen.values() for one in some if not any(other < one for other in some)
        )
        known, self.fallen = self.fallen, self.fallen.union(*narrowest)
        return self.fallen != known

    def _ends(self) -> list[tuple[int | None, None]]:
        """Of each atom and of what has come to it, the least that it can be."""
        return [(None if atom in self.fallen else 0, None) for atom in range(self.atoms)]

    def _left(self) -> Any:
        """Of each that may fall, as a sum: what is left of its atom, at least nothing."""
        from scipy.sparse import csr_array

        found = np.zeros((len(self.fallen), self.atoms))
        for line, atom in enumerate(sorted(self.fallen)):
            found[line, atom % self.size : atom + 1 : self.size] = 1
        return csr_array(found)

    def _written(self) -> tuple[Any, npt.NDArray[np.float64]]:
        """The rows as sums, and the limits of these sums and of what they come to with the sign changed."""
        from scipy.sparse import csr_array

        columns = [atom for atoms, _ in self.rows.values() for atom in sorted(atoms)]
        ends_of_rows = np.cumsum([0, *(len(atoms) for atoms, _ in self.rows.values())])
        shape = (len(self.rows), self.atoms)
        low = np.array([value for _, value in self.rows.values()], float)
        sums = csr_array((np.ones(len(columns)), columns, ends_of_rows), shape=shape)
        return sums, np.concatenate([low + self.base - 1, -low])

    def is_open(self, secret: Atoms, least: int) -> bool:
        """Whether counts that have been found already leave the secret so many values."""
        if not self._points:
            return False
        seen = [point[list(secret)].sum() for point in self._points]
        return _whole(min(seen), max(seen)).values >= least


_UNBOUNDED = 3
_NEARLY = 1e-6


def _whole(lowest: float | None, highest: float | None) -> Bounds:
    """Whole numbers between the two."""
    least = 0 if lowest is None else ceil(lowest - _NEARLY)
    return Bounds(least, None if highest is None else floor(highest + _NEARLY))


# --- what may be published --------------------------------------------------------------------------------------------


def protect(
    counts: Sequence[int],
    figures: Figures,
    *,
    least: int = LEAST,
    base: int = LEAST,
    earlier: Sequence[Told] = (),
    is_complete: bool = True,
    equal: Pairs = (),
    elsewhere: Collection[str] = (),
) -> dict[str, int | None]:
    """What to publish of each figure: its value down to a multiple of `base`, or None.

    `counts` are those of the atoms. `earlier` is what was published of the same figures before, the oldest first, and
    cannot be taken back; counts may have grown since. `is_complete` False leaves the secondary suppression out, which is
    for measuring what it is worth. `equal` joins tables of the same people, each with atoms of its own: where two tables
    have margins in common, there are cells behind both for any two that agree in these, so nothing is lost by it. Figures
    with their key in `elsewhere` are told by other pages, so that leaving them out here would keep nothing secret.

    >>> figures = {"north": frozenset({0}), "south": frozenset({1}), "both": frozenset({0, 1})}
    >>> protect([3, 19], figures, base=1)
    {'north': None, 'south': None, 'both': 22}
    >>> protect([3, 35], figures)
    {'north': 0, 'south': 35, 'both': 35}
    >>> protect([3, 38], figures)  # at most 39 and at least 40 would leave the north one at least
    {'north': None, 'south': 35, 'both': 40}
    >>> protect([3, 38], figures, elsewhere=["north"])
    {'north': 0, 'south': None, 'both': 40}
    """
    values = {key: sum(counts[atom] for atom in atoms) for key, atoms in figures.items()}
    told: dict[str, int | None] = {key: value - value % base for key, value in values.items()}
    if base < least:
        told |= {key: None for key, value in values.items() if value < least}
    if is_complete:
        small = {atoms for key, atoms in figures.items() if values[key] < least}
        small |= {frozenset({atom}) for atom, count in enumerate(counts) if count < least}
        secrets = sorted(small, key=sorted)
        _leave_out(told, figures, secrets, least, base, (), len(counts), equal, elsewhere)
        if earlier:
            _leave_out(told, figures, secrets, least, base, earlier, len(counts), equal, elsewhere)
    return told


def _leave_out(
    told: dict[str, int | None],
    figures: Figures,
    small: Sequence[Atoms],
    least: int,
    base: int,
    earlier: Sequence[Told],
    size: int,
    equal: Pairs,
    elsewhere: Collection[str],
) -> None:
    """Set to None what gives secrets away to somebody who has kept the `earlier` editions."""
    latest = len(earlier)
    published = Published(size, latest + 1, base)
    for age, edition in enumerate((*earlier, told)):
        for key, value in edition.items():
            if value is not None and key in figures:
                published.rows[age, key] = _until(figures[key], age, size), value
        published.equal += [(_until(one, age, size), _until(other, age, size)) for one, other in equal]
    for secret in _secrets(figures, small, earlier, size):
        while not published.is_open(secret, least):
            try:
                found, rests = published.bounds(secret)
            except Contradiction:
                published.make_agree(latest)
                continue
            holding = [key for age, key in rests if age == latest and key not in elsewhere]
            if found.values >= least or not holding:
                break
            victim = min(holding, key=lambda key: (told[key] or 0, key))
            told[victim] = None
            del published.rows[latest, victim]


def _secrets(figures: Figures, small: Sequence[Atoms], earlier: Sequence[Told], size: int) -> Iterator[Atoms]:
    """Small counts of now, those that were left out or small before, and each growth since."""
    latest = len(earlier)
    yield from (_until(atoms, latest, size) for atoms in small)
    for age, edition in enumerate(earlier):
        for key, atoms in figures.items():
            if not edition.get(key):
                yield _until(atoms, age, size)
            yield _until(atoms, latest, size) - _until(atoms, age, size)


def _until(atoms: Iterable[int], age: int, size: int) -> Atoms:
    """The same atoms in an edition: those of the first, and what has come with each one since."""
    return frozenset(atom + size * step for atom in atoms for step in range(age + 1))
