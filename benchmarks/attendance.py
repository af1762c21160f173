"""How many come: does the interval of 90 % hold them, and is the risk of more seats what then happens?

    python -m benchmarks.attendance

Beside it: one rate for all bookings, with the binomial interval that a spreadsheet would give.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from scipy.stats import binom

from benchmarks.attendance_season import Season
from matching.attendance import Past, advise, learn

SEASONS, SESSIONS, RISK = 60, 8, 0.10


def main() -> None:
    """Print one line for each size of the past."""
    print(f"{SEASONS} seasons of {SESSIONS} sessions each, some 160 people booked in each session")
    print("check-ins | held by 90 %  width | one rate: held  width | foretold  refused  seats more")
    for number in (30, 100, 400, 2000):
        print(_line(number))
    season = Season(np.random.default_rng(1))
    past, booked = season.past(5000), season.session()
    began = time.perf_counter()
    known = learn(past)
    learnt = time.perf_counter()
    advise(known, booked, booked[0], seats=90, room=90, risk=RISK)
    print(f"learnt from 5,000 in {learnt - began:.2f} s, advised in {time.perf_counter() - learnt:.2f} s")


def _line(number: int) -> str:
    held, plain, widths, plain_widths, foretold, refused, extras = [], [], [], [], [], [], []
    for seed in range(SEASONS):
        season = Season(np.random.default_rng(10_000 + seed))
        past = season.past(number)
        known = learn(past)
        rate = _rate(past)
        for _ in range(SESSIONS):
            booked = season.session()
            people = sum(one.people for one in booked)
            newcomer = replace(booked[0], people=1, is_group=False, lead_days=2.0, school="")
            said = advise(known, booked, newcomer, seats=people, room=people, risk=RISK)
            came = sum(season.comes(one) for one in booked)
            held.append(said.low <= came <= said.high)
            widths.append(said.high - said.low)
            low, high = binom.ppf([0.05, 0.95], people, rate)
            plain.append(low <= came <= high)
            plain_widths.append(high - low)
            schools = list(season.schools)
            more = (replace(newcomer, school=schools[each % len(schools)]) for each in range(said.extra))
            refused.append(came + sum(season.comes(one) for one in more) > people)
            foretold.append(said.risks[said.extra].refusal)
            extras.append(said.extra)
    return (
        f"{number:9,} | {np.mean(held):11.1%} {np.mean(widths):6.1f} | {np.mean(plain):13.1%} {np.mean(plain_widths):6.1f}"
        f" | {np.mean(foretold):8.1%} {np.mean(refused):8.1%} {np.mean(extras):11.1f}"
    )


def _rate(past: list[Past]) -> float:
    return sum(one.came for one in past) / sum(one.expected.people for one in past)


if __name__ == "__main__":
    main()
