"""From picked rows to lines: what the columns know of each is told as facts, and explained."""

from __future__ import annotations

from functools import partial
from math import isnan

from matching.explain import Evidenced, Facts, explain
from matching.picks import Pick
from matching.profile import Profile
from matching.types import Ranked, Student


def explained(student: Student, profile: Profile, pick: Pick) -> list[Ranked]:
    """The picked rows with their reasons, which only they need."""
    layout, rows = pick.layout, pick.rows
    if not len(rows):
        return []
    entries = layout.entries(profile, rows)
    worth, gain, near, keys = (
        one.tolist() for one in (entries.worth, entries.gain, entries.interest, entries.keys)
    )
    ways = pick.ways
    km = ways.km.tolist()
    minutes = [None] * len(rows) if ways.minutes is None else ways.minutes.tolist()
    evidence = Evidenced(student, layout.skills.vocabulary, layout.on)
    names = layout.blend(student).names
    roles, kinds, hours = (one[rows].tolist() for one in (layout.roles, layout.kind, layout.table.hours))
    dated, online = (
        layout.spans.count[rows].tolist(),
        layout.points.is_online[layout.points.of_row[rows]].tolist(),
    )
    need = layout.skills.need
    found = []
    for place, (row, begin, total, values) in enumerate(
        zip(
            rows.tolist(),
            entries.begins.tolist(),
            pick.scores.tolist(),
            pick.values.T.tolist(),
            strict=True,
        )
    ):
        kind, (required, wanted, taught) = kinds[place], roles[place]
        asked = begin + required + wanted
        end = asked + taught
        way = minutes[place]
        facts = Facts(
            parts={name: values[line] for line, name in names[kind]},
            need=lambda place, begin=begin: need(keys[begin + place]),  # type: ignore[misc]
            required=required,
            worth=worth[begin:asked],
            near=near[begin:end],
            gains=gain[asked:end],
            km=None if online[place] else km[place],
            minutes=None if way is None or isnan(way) else way,
            hours=hours[place],
            is_dated=dated[place] > 0,
            opportunity=partial(layout.opportunity, row),
        )
        reasons, gap = explain(evidence, facts, layout.scales[kind])
        found.append(Ranked(layout.name(row), total, facts.parts, reasons, gap, facts.km, facts.minutes))
    return found
