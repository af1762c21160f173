"""Drawing at random, always the same for the same seed: numbers, ids, decks with exact shares, and varied prose."""

from __future__ import annotations

import random
import re
from collections.abc import Mapping, Sequence
from typing import TypeVar
from uuid import UUID

Card = TypeVar("Card")

_CHOICE = re.compile(r"\[([^\[\]]*\|[^\[\]]*)\]")
_SPACES = re.compile(r" +(?=[ ,.;:])")
_SLOT = re.compile(r"\{(\w+)(?::(cap|low))?\}")


class Chance(random.Random):
    """A stream of chance of its own for one purpose, so that more of one thing does not change another."""

    def __init__(self, seed: int, purpose: str) -> None:
        super().__init__(f"{seed}/{purpose}")

    def id(self) -> UUID:
        """A random id (version 4)."""
        return UUID(int=self.getrandbits(128), version=4)

    def ids(self, count: int) -> list[UUID]:
        """As many ids, ascending: rows that come in the order of their keys are written much faster."""
        return sorted(self.id() for _ in range(count))

    def happens(self, share: float) -> bool:
        """True in that share of cases."""
        return self.random() < share

    def within(self, bounds: Sequence[int]) -> int:
        """A whole number from the first to the last of two bounds."""
        return self.randint(bounds[0], bounds[1])

    def pick(self, weights: Mapping[Card, float]) -> Card:
        """One of the keys, by weight."""
        return self.choices(list(weights), list(weights.values()))[0]

    def some(self, cards: Sequence[Card], count: int) -> list[Card]:
        """Different cards, as many as there are at most."""
        return self.sample(cards, min(count, len(cards)))

    def deck(self, shares: Mapping[Card, float], count: int) -> list[Card]:
        """So many cards in shuffled order, each as often as its share says (largest remainders first)."""
        whole = sum(shares.values())
        exact = {card: count * share / whole for card, share in shares.items()}
        dealt = {card: int(number) for card, number in exact.items()}
        by_rest = sorted(exact, key=lambda card: dealt[card] - exact[card])
        for card in by_rest[: count - sum(dealt.values())]:
            dealt[card] += 1
        cards = [card for card, number in dealt.items() for _ in range(number)]
        self.shuffle(cards)
        return cards

    def write(self, text: str, words: Mapping[str, str]) -> str:
        """Choose among `[one|another]`, then fill `{slot}`, `{slot:cap}` (upper-case beginning), `{slot:low}`."""
        chosen = _CHOICE.sub(lambda found: self.choice(found[1].split("|")), text)
        filled = _SLOT.sub(lambda found: _in_case(words[found[1]], found[2]), chosen)
        return "\n".join(_SPACES.sub("", line).strip() for line in filled.splitlines())


def _in_case(word: str, case: str | None) -> str:
    if case == "low":
        return word.lower()
    return word[:1].upper() + word[1:] if case == "cap" else word
