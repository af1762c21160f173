"""How many come: the interval holds as often as it says, more data say more, and the risk is what then happens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from benchmarks.attendance_season import Season
from matching import attendance
from matching.attendance import Expected, advise, learn


def covered(seasons: Sequence[int], number: int, narrower: float = 0.4) -> tuple[float, float]:
    """How often the interval of 90 % holds who came, and how often one that is so much narrower does."""
    hits = []
    for seed in seasons:
        season = Season(np.random.default_rng(seed))
        known = learn(season.past(number))
        for _ in range(6):
            booked = season.session()
            seats = sum(one.people for one in booked)
            said = advise(
                known, booked, season.booking(is_group=False), seats=seats, room=seats, risk=0.05, most=1
            )
            came = sum(season.comes(one) for one in booked)
            off, half = abs(came - (said.high + said.low) / 2), (said.high - said.low) / 2
            hits.append((off <= half, off <= half * narrower))
    whole, narrow = np.mean(hits, axis=0)
    return float(whole), float(narrow)


def test_the_interval_holds_as_often_as_it_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "DRAWS", 1000)
    much, too_narrow = covered(range(12), 400)
    little, _ = covered(range(12, 24), 60)  # little is known, and said so
    assert 0.82 <= much <= 0.98
    assert 0.82 <= little <= 0.99
    assert too_narrow < 0.75  # the test can fail


def test_the_risk_is_what_then_happens(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attendance, "DRAWS", 1000)
    refused, foretold = [], []
    for seed in range(16):
        season = Season(np.random.default_rng(1000 + seed))
        known = learn(season.past(400))
        for _ in range(6):
            booked = season.session()
            room = sum(one.people for one in booked)
            newcomer = replace(season.booking(is_group=False), weekday=booked[0].weekday, part=booked[0].part)
            said = advise(known, booked, newcomer, seats=room, room=room, risk=0.2)
            more = [replace(newcomer, school=season.booking().school) for _ in range(said.extra)]
            refused.append(sum(season.comes(one) for one in [*booked, *more]) > room)
            foretold.append(said.risks[said.extra].refusal)
    assert max(foretold) <= 0.2
    assert abs(np.mean(refused) - np.mean(foretold)) < 0.1


def test_more_check_ins_say_more() -> None:
    season = Season(np.random.default_rng(5))
    booked, newcomer = season.session(), season.booking(is_group=False)
    wide, narrow = (
        advise(learn(season.past(number)), booked, newcomer, seats=90, room=90, risk=0.05)
        for number in (0, 2000)
    )
    assert narrow.high - narrow.low < wide.high - wide.low
    assert wide.extra <= narrow.extra


def test_what_cannot_be_is_refused_and_nobody_is_no_trouble() -> None:
    newcomer = Expected(1, False, 3, 1, "morning", "")
    with pytest.raises(ValueError, match="between 0 and 1"):
        advise(learn([]), [], newcomer, seats=3, room=3, risk=1)
    empty = advise(learn([]), [], newcomer, seats=0, room=3, risk=0.05)
    assert (empty.mean, empty.low, empty.high, empty.extra >= 3) == (0, 0, 0, True)
    assert [one.refusal for one in empty.risks[:4]] == [0, 0, 0, 0]


def test_a_group_that_is_ill_together_widens_the_interval(monkeypatch: pytest.MonkeyPatch) -> None:
    season = Season(np.random.default_rng(9))
    past, booked = season.past(1500), [season.booking(is_group=True) for _ in range(3)]
    newcomer = season.booking(is_group=False)
    spread = advise(learn(past), booked, newcomer, seats=70, room=70, risk=0.05)
    # Without it each is ill for themselves, and the draws lie closer together.
    monkeypatch.setattr(attendance, "_MISSING", np.array([-3.0, 9.0]))
    monkeypatch.setattr(attendance, "_MISSING_SPREAD", 0.01)
    alone = learn(past).draw([replace(booked[0], people=100)], np.random.default_rng(1))
    together = replace(booked[0], people=100)
    monkeypatch.undo()
    ill = learn(past).draw([together], np.random.default_rng(1))
    assert ill[ill > 0].std() > 1.5 * alone[alone > 0].std()
    assert spread.low < spread.high
