"""Who reads what hosting has brought, how counts of students are told, and which firms are like which."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from enum import StrEnum
from statistics import median
from typing import NamedTuple
from uuid import UUID

from app.auth.actors import Actor
from app.companies.models import SizeBand
from app.network.rules import LEAST, told

# --- who --------------------------------------------------------------------------------------------------------------


def is_exact(actor: Actor, company_id: UUID) -> bool:
    """Whether the actor reads exact counts: the company knows whom it has met, whoever oversees it need not."""
    return actor.is_of_company(company_id)


def tell(number: int, *, exact: bool) -> int:
    """A count of students as it is told to this reader.

    >>> tell(7, exact=True), tell(7, exact=False)
    (7, 5)
    """
    return number if exact else told(number)


# --- would they recommend ---------------------------------------------------------------------------------------------


class Recommended(StrEnum):
    """How many of those who were asked would go to the company again."""

    MOST = "most"
    HALF = "half"
    FEW = "few"


def recommended(said: Sequence[bool]) -> tuple[int, Recommended] | None:
    """How many said it, in steps of five, and roughly what; None for fewer than five. `said` is in the order of time.

    Only the first so many count, so that the figure changes with five answers at once and never with one; and it is
    coarse, so that not even "all of them" tells what one has said.

    >>> recommended([True] * 4), recommended([True] * 5 + [False] * 4)
    (None, (5, <Recommended.MOST: 'most'>))
    """
    number = told(len(said))
    if not number:
        return None
    share = sum(said[:number]) / number
    if share >= 2 / 3:
        return number, Recommended.MOST
    return number, Recommended.HALF if share >= 1 / 3 else Recommended.FEW


# --- how fast it answers ----------------------------------------------------------------------------------------------


class Likeness(StrEnum):
    """What the firms that a company is compared with have in common, besides the territory."""

    SIZE_AND_SECTOR = "size_and_sector"
    SECTOR = "sector"
    SIZE = "size"
    TERRITORY = "territory"


class Firm(NamedTuple):
    """A company, and how many days each of its answers took. Divisions are those of ATECO, each with its edition."""

    size: SizeBand | None
    divisions: Collection[str]
    days: Sequence[float]

    @property
    def median_days(self) -> float:
        """Half of its answers took no longer."""
        return round(median(self.days), 1)


class Peers(NamedTuple):
    """Half of so many firms answer at least as fast, each by its own median."""

    likeness: Likeness
    firms: int
    median_days: float


def peers(own: Firm, others: Iterable[Firm]) -> Peers | None:
    """The most alike of whom there are at least five; None where even the whole territory has fewer.

    >>> small = Firm(SizeBand.SMALL, {"2007-28"}, [3.0])
    >>> peers(small, [small] * 4)
    >>> peers(small, [small] * 4 + [Firm(SizeBand.LARGE, {"2007-28"}, [9.0])])
    Peers(likeness=<Likeness.SECTOR: 'sector'>, firms=5, median_days=3.0)
    """
    answering = [one for one in others if one.days]
    for likeness in Likeness:
        alike = [one for one in answering if _is_like(own, one, likeness)]
        if len(alike) >= LEAST:
            return Peers(likeness, len(alike), round(median(one.median_days for one in alike), 1))
    return None


def _is_like(own: Firm, other: Firm, likeness: Likeness) -> bool:
    has_size = own.size is not None and own.size is other.size
    has_sector = not set(own.divisions).isdisjoint(other.divisions)
    return {
        Likeness.SIZE_AND_SECTOR: has_size and has_sector,
        Likeness.SECTOR: has_sector,
        Likeness.SIZE: has_size,
        Likeness.TERRITORY: True,
    }[likeness]
