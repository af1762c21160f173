"""From picked rows to lines: what the columns know of each is told as facts, and explained when somebody asks."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property, partial

from matching.explain import Evidenced, Facts, explain
from matching.picks import Pick
from matching.profile import Profile
from matching.table import given
from matching.types import Ranked, Student, Why


def explained(student: Student, profile: Profile, pick: Pick) -> list[Ranked]:
    """The picked rows as lines."""
    layout, rows, ways = pick.layout, pick.rows, pick.ways
    names = layout.blend(student).names
    why = Explanations(student, profile, pick)
    is_online = layout.points.is_online[layout.points.of_row[rows]].tolist()
    known = zip(
        layout.table.ids[rows].tolist(),
        layout.kind[rows].tolist(),
        pick.scores.tolist(),
        pick.values.T.tolist(),
        [None if one else km for one, km in zip(is_online, ways.km.tolist(), strict=True)],
        [None] * len(rows) if ways.minutes is None else map(given, ways.minutes.tolist()),
        strict=True,
    )
    found = []
    for place, (name, kind, score, values, km, minutes) in enumerate(known):
        parts = {part: values[line] for line, part in names[kind]}
        explain_it = partial(why.of, place, parts, km, minutes)
        found.append(Ranked.explained_by(explain_it, name.decode(), score, parts, km, minutes))
    return found


class Explanations:
    """Why the rows of a pick are there; what all of them need is looked up at once, when the first is asked about."""

    def __init__(self, student: Student, profile: Profile, pick: Pick) -> None:
        self._student, self._pick, self._profile = student, pick, profile

    @cached_property
    def _evidence(self) -> Evidenced:
        layout = self._pick.layout
        return Evidenced(self._student, layout.skills.vocabulary, layout.on)

    @cached_property
    def _needs(self) -> tuple[list[int], list[list[int]], list[int], list[float], list[float], list[float]]:
        """Where each row's needs begin, how many of each role it has; and of each need its key, worth, gain and interest."""
        layout, rows = self._pick.layout, self._pick.rows
        some = layout.entries(self._profile, rows)
        by_need = (some.keys.tolist(), some.worth.tolist(), some.gain.tolist(), some.interest.tolist())
        return some.begins.tolist(), layout.roles[rows].tolist(), *by_need

    def of(self, place: int, parts: Mapping[str, float], km: float | None, minutes: float | None) -> Why:
        """Reasons and gap of the row at a place of the pick."""
        layout, row = self._pick.layout, int(self._pick.rows[place])
        begins, roles, keys, worth, gain, near = self._needs
        begin, (required, wanted, taught) = begins[place], roles[place]
        asked = begin + required + wanted
        end = asked + taught
        facts = Facts(
            parts=parts,
            need=lambda nth: layout.skills.need(keys[begin + nth]),
            required=required,
            worth=worth[begin:asked],
            near=near[begin:end],
            gains=gain[asked:end],
            km=km,
            minutes=minutes,
            hours=int(layout.table.hours[row]),
            is_dated=bool(layout.spans.count[row]),
            opportunity=partial(layout.opportunity, row),
        )
        return explain(self._evidence, facts, layout.scales[layout.kind[row]])
