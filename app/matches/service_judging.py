"""What there is to say of a round's result: whether it is sound and fair, why somebody is not elsewhere, what would change."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from app.matches import seating
from app.matches.seating import BANNED, BUSY, LAW, SAID_NO, Answer, Question, Seat, wish_of
from app.matches.translate import LANGUAGES
from app.matches.words import RULES
from matching.check import Report, check
from matching.why import say_why

EXCLUSIONS = {
    BANNED: ("La scuola lo ha escluso.", "The school has ruled it out."),
    SAID_NO: ("L'azienda ha risposto di no.", "The company has said no."),
    LAW: ("Una regola di legge lo vieta.", "A rule of law forbids it."),
    BUSY: ("In quei giorni ha già un altro impegno.", "There is something else on these days already."),
}
"""Exclusions of rounds → Italian, English; the rules of the ranking have their words already."""


class Moved(NamedTuple):
    """A student whose seat another question would change."""

    student_id: str
    before: Seat | None
    after: Seat | None


def judge(question: Question, seats: Mapping[str, Seat]) -> Report:
    """What the checker says; it shares nothing with the solver but the question."""
    sizes = {offer.id: offer.size or "unknown" for offer in question.offers}
    return check(
        seating.plan(question, seats), *seating.posed(question), sizes=sizes, **seating.binding(question)
    )


def report(question: Question, answer: Answer) -> dict[str, Any]:
    """The judgement as counts, for everybody who takes part; it names nobody."""
    found = judge(question, answer.seats)
    return {
        "is_valid": found.is_valid,
        "is_stable": found.is_stable,
        "violations": dict(Counter(one.code for one in found.violations)),
        "blocking": dict(Counter(pair.kind for pair in found.blocking)),
        "could_open": len(found.could_open),
        "by_wish": [found.profile.get(wish, 0) for wish in range(1, max(found.profile, default=0) + 1)],
        "beyond": found.beyond,
        "unplaced": found.unplaced,
        "envy": found.envy,
        "justified_envy": found.justified_envy,
        "placed_share": round(found.placed_share, 4),
        "levels": [{"name": name, "value": value, "bound": bound} for name, value, bound in answer.levels],
        "exposure": [{"size": size} | one._asdict() for size, one in found.exposure.items()],
    }


def tutors(question: Question, seats: Mapping[str, Seat]) -> dict[str, list[dict[str, int]]]:
    """How many students the tutors of each host and school have got, and how many more would have a seat if they could
    follow more: who wishes for a free seat of theirs above the own one, or has none. In the question's order."""
    taken = Counter(seat.offer for seat in seats.values())
    by_school = Counter(asker.school for asker in question.askers if asker.id in seats)
    used = [sum(taken[offer] for offer in host.offers) for host in question.hosts]
    host_of = {
        offer: place
        for place, host in enumerate(question.hosts)
        for offer in host.offers
        if used[place] >= host.most and taken[offer] < question.offers[offer].seats
    }
    kept_out: Counter[int] = Counter()
    for asker in question.askers:
        wish = wish_of(asker, seats.get(asker.id))
        higher = asker.wishes if wish is None else asker.wishes[: wish - 1]
        kept_out.update({host_of[one] for one in higher if one in host_of and one not in asker.barred})
    return {
        "hosts": [
            {"most": host.most, "used": used[place], "kept_out": kept_out[place]}
            for place, host in enumerate(question.hosts)
        ],
        "schools": [
            {
                "most": school.most, "used": by_school[place],
                "kept_out": sum(
                    asker.school == place and asker.id not in seats for asker in question.askers
                ) if by_school[place] >= school.most else 0,
            }
            for place, school in enumerate(question.schools)
        ],
    }  # fmt: skip


def why_not_each(
    question: Question,
    seats: Mapping[str, Seat],
    student_id: str,
    offers: Sequence[int],
    names: Mapping[str, Mapping[str, str]],
) -> Iterator[dict[str, str]]:
    """Why a student does not have a seat at each of these, in both languages; `names` are those of opportunities' ids."""
    found = judge(question, seats)
    for offer in offers:
        reason = found.why_not(student_id, question.offers[offer].id)
        if reason.code == "forbidden":
            it, en = exclusion(str(reason.values["rule"]))
            yield {"code": str(reason.values["rule"]), "it": it, "en": en}
        else:
            said = {language: say_why(reason, language, names[language]) for language in LANGUAGES}
            yield {"code": reason.code} | said


def exclusion(rule: str) -> tuple[str, str]:
    """Why a pair is ruled out, as a sentence in Italian and English."""
    return RULES.get(rule) or EXCLUSIONS[rule]


def differences(before: Mapping[str, Seat], after: Mapping[str, Seat]) -> list[Moved]:
    """Who sits elsewhere, by id."""
    return [
        Moved(student, before.get(student), after.get(student))
        for student in sorted(before.keys() | after.keys())
        if before.get(student) != after.get(student)
    ]


def tally(question: Question, seats: Mapping[str, Seat]) -> dict[str, Any]:
    """A result in a line: how many are placed, and with which wish."""
    wishes = Counter(wish_of(asker, seats[asker.id]) or 0 for asker in question.askers if asker.id in seats)
    most = max(wishes, default=0)
    return {
        "placed": len(seats),
        "unplaced": len(question.askers) - len(seats),
        "by_wish": [wishes[wish] for wish in range(1, most + 1)],
        "beyond": wishes[0],
    }


def try_out(
    question: Question, before: Mapping[str, Seat], *, is_optimal: bool
) -> tuple[Answer, list[Moved]]:
    """A changed question answered with as few changes of the seats as can be, and who moves. Raises PinsClash."""
    answer = seating.solve(question, is_optimal=is_optimal, near=before if is_optimal else None)
    return answer, differences(before, answer.seats)
