"""Rankings as lines for a terminal."""

from __future__ import annotations

from typing import Any

from app.matches.batch import Summary

_WORDS = {
    "it": {
        "none": "Nessuna opportunità adatta.", "seats": "posti", "hours": "ore", "online": "online",
        "no_path": "Nessun percorso adatto.", "visible": "Nessuna regola esclude", "fit": "Hanno anche le competenze",
        "elsewhere": "altrove", "lost": "ne perde",
        "again": "I valori conservati danno di nuovo la stessa lista.",
        "not_again": "I valori conservati non danno più la stessa lista.",
        "otherwise": "Con un altro algoritmo o vocabolario la lista di allora non si può rifare.",
        "made": "Algoritmo {algorithm}, pesi {version}, seme {seed}, giorno {ranked_on}.",
    },
    "en": {
        "none": "No opportunity fits.", "seats": "seats", "hours": "hours", "online": "online",
        "no_path": "No path fits.", "visible": "No rule keeps away", "fit": "Have the skills too",
        "elsewhere": "elsewhere", "lost": "loses",
        "again": "The stored values give the same list again.",
        "not_again": "The stored values no longer give the same list.",
        "otherwise": "With another algorithm or vocabulary the list of then cannot be made again.",
        "made": "Algorithm {algorithm}, weights {version}, seed {seed}, day {ranked_on}.",
    },
}  # fmt: skip


def ranking(page: dict[str, Any], language: str = "it") -> str:
    """A page of a student's ranking (`MatchList`) for reading."""
    words = _WORDS.get(language, _WORDS["en"])
    if not page["items"]:
        return words["none"]
    lines = []
    for position, item in enumerate(page["items"], start=1):
        card = item["opportunity"]
        where = (
            words["online"] if card["is_online"] else f"{card['municipality_name']} ({card['province_code']})"
        )
        away = "" if item["travel_km"] is None else f", {item['travel_km']:.0f} km"
        lines.append(f"{position:>2}. {card['title']}  [{card['kind']}]")
        lines.append(f"    {card['company_name']}, {where}{away}")
        lines += [f"    {span['starts_on']} → {span['ends_on']}" for span in card["spans"][:3]]
        lines.append(f"    {card['hours']} {words['hours']}, {card['seats_free']} {words['seats']}")
        lines += [f"    + {reason[_known(language)]}" for reason in item["reasons"]]
        if item["gap"]:
            lines.append(f"    - {item['gap'][_known(language)]}")
    lines.append("")
    lines.append(words["made"].format(version=page["weights"]["version"], **page))
    return "\n".join(lines)


def _known(language: str) -> str:
    return language if language in _WORDS else "en"


def summary(done: Summary) -> str:
    """What a run for all students has kept."""
    without = ", ".join(f"{count} without any {kind}" for kind, count in done.without.items())
    return f"Run {done.run_id}: {done.students} students, {done.matches} matches kept; {without}."


def paths(page: dict[str, Any], language: str = "it") -> str:
    """A page of a student's training paths (`PathList`) for reading."""
    shown = _known(language)
    words = _WORDS[shown]
    lines = [f"! {rule[shown]}" for rule in page["hidden_by"]]
    for position, item in enumerate(page["items"], start=1):
        lines.append(f"{position:>2}. {item[shown]}")
        for step in item["steps"]:
            card = step["opportunity"]
            lines.append(f"    {step['starts_on']} → {step['ends_on']}  {card['title']}  [{card['kind']}]")
            lines += [f"      + {added[shown]} {added['level']}" for added in step["adds"]]
        lines += [f"    - {need[shown]} {need['level']}" for need in item["open"]]
    if not page["items"]:
        lines.append(words["no_path"])
    lines += ["", words["made"].format(version=page["weights"]["version"], **page)]
    return "\n".join(lines)


def reach(page: dict[str, Any], language: str = "it") -> str:
    """An opportunity's reach (`ReachOut`) for reading."""
    shown = _known(language)
    words = _WORDS[shown]
    lines = [f"{words[name]}: {page[name][shown]}" for name in ("visible", "fit")]
    lines += [f"  {place['name']}: {place['students'][shown]}" for place in page["places"]]
    lines.append(f"  {words['elsewhere']}: {page['elsewhere'][shown]}")
    lines += [f"- {one[shown]} {one['students'][shown]}" for one in page["obstacles"]]
    for change in page["changes"]:
        line = f"+ {change[shown]} {change['gained'][shown]}"
        if change["lost"]["at_least"]:
            line += f", {words['lost']} {change['lost'][shown]}"
        lines.append(line)
    return "\n".join(lines)


def replay(page: dict[str, Any], language: str = "it") -> str:
    """A stored ranking beside today's (`ReplayOut`) for reading."""
    shown = _known(language)
    words = _WORDS[shown]
    lines = [words[{True: "again", False: "not_again", None: "otherwise"}[page["is_reproduced"]]]]
    lines += [f"! {cause[shown]}" for cause in page["causes"]]
    for line in page["lines"]:
        lines.append(f"{line['title']}, {line['company_name']}  [{line['kind']}]")
        lines.append(f"    {line[shown]}")
        lines += [f"    - {rule[shown]}" for rule in line["rules"]]
        lines += [
            f"    {part['part']}: {_value(part['before'])} → {_value(part['now'])}" for part in line["parts"]
        ]
    lines += ["", words["made"].format(version=page["now"]["weights"]["version"], **page["now"])]
    return "\n".join(lines)


def _value(share: float | None) -> str:
    return "–" if share is None else f"{share:.2f}"
