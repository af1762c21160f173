"""Chance that is the same every time."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.demo.chance import Chance


def test_streams_depend_on_seed_and_purpose_only() -> None:
    assert Chance(1, "a").id() == Chance(1, "a").id()
    assert len({Chance(seed, purpose).id() for seed in (1, 2) for purpose in ("a", "b")}) == 4


def test_ids_ascend_and_are_of_version_4() -> None:
    ids = Chance(1, "ids").ids(50)
    assert ids == sorted(set(ids))
    assert {one.version for one in ids} == {4}


@settings(deadline=None)
@given(st.dictionaries(st.text(max_size=3), st.floats(0.01, 10), min_size=1, max_size=8), st.integers(0, 300))
def test_decks_deal_by_share(shares: dict[str, float], count: int) -> None:
    deck = Chance(1, "deck").deck(shares, count)
    assert len(deck) == count
    whole = sum(shares.values())
    for card, share in shares.items():
        assert abs(deck.count(card) - count * share / whole) < 1


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("{thing} e {thing:cap}", "viti e Viti"),
        ("{name:low}", "rossi"),
        ("tutto[ il resto|], fine", {"tutto il resto, fine", "tutto, fine"}),
        ("[uno|due]\n  tre ", {"uno\ntre", "due\ntre"}),
        ("a [|b] , c", {"a, c", "a b, c"}),
        ("un [prezzo]", "un [prezzo]"),
    ],
)
def test_prose_is_chosen_and_filled(text: str, written: str | set[str]) -> None:
    words = {"thing": "viti", "name": "Rossi"}
    found = {Chance(seed, "prose").write(text, words) for seed in range(30)}
    assert found == (written if isinstance(written, set) else {written})


def test_an_unknown_slot_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Chance(1, "prose").write("{nothing}", {})


def test_some_takes_no_more_than_there_is() -> None:
    assert sorted(Chance(1, "some").some("ab", 5)) == ["a", "b"]
