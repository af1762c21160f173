"""What the terminal shows of paths and of reach."""

from __future__ import annotations

from app.matches import terminal

SKILL = {"skill_id": "plc", "level": 2, "it": "programmazione PLC", "en": "PLC programming"}
OPEN = {"skill_id": "cad", "level": 1, "it": "disegno CAD", "en": "CAD"}
PATHS = {
    "items": [
        {
            "it": "30 ore: …", "en": "30 hours: …", "open": [OPEN],
            "steps": [
                {
                    "opportunity": {"title": "Corso", "kind": "training"}, "starts_on": "2026-03-02",
                    "ends_on": "2026-03-13", "adds": [SKILL],
                }
            ],
        }
    ],
    "hidden_by": [{"code": "year", "it": "È per un altro anno di corso.", "en": "It is for another year of study."}],
    "weights": {"version": "v"}, "algorithm": "a", "seed": 0, "ranked_on": "2026-01-12",
}  # fmt: skip


def count(number: int) -> dict[str, object]:
    return {"at_least": number, "it": f"almeno {number}", "en": f"at least {number}"}


def test_paths_are_told_line_by_line() -> None:
    assert terminal.paths(PATHS, "en").splitlines() == [
        "! It is for another year of study.",
        " 1. 30 hours: …",
        "    2026-03-02 → 2026-03-13  Corso  [training]",
        "      + PLC programming 2",
        "    - CAD 1",
        "",
        "Algorithm a, weights v, seed 0, day 2026-01-12.",
    ]
    assert "Nessun percorso adatto." in terminal.paths(PATHS | {"items": []})
    assert terminal.paths(PATHS, "de") == terminal.paths(PATHS, "en")


def test_reach_is_told_line_by_line() -> None:
    said = {"it": "Se fosse online.", "en": "If it were online."}
    page = {
        "visible": count(10), "fit": count(5), "elsewhere": count(0),
        "places": [{"name": "Bologna (BO)", "students": count(5)}],
        "obstacles": [{"code": "skills", "it": "Manca.", "en": "Missing.", "students": count(5)}],
        "changes": [
            {"code": "online", **said, "gained": count(5), "lost": count(0)},
            {"code": "online", **said, "gained": count(10), "lost": count(5)},
        ],
    }  # fmt: skip
    assert terminal.reach(page).splitlines() == [
        "Nessuna regola esclude: almeno 10",
        "Hanno anche le competenze: almeno 5",
        "  Bologna (BO): almeno 5",
        "  altrove: almeno 0",
        "- Manca. almeno 5",
        "+ Se fosse online. almeno 5",
        "+ Se fosse online. almeno 10, ne perde almeno 5",
    ]


def test_a_replay_is_told_line_by_line() -> None:
    line = {
        "title": "Tirocinio", "company_name": "Officina", "kind": "internship", "it": "Resta.", "en": "Stays.",
        "rules": [{"code": "closed", "it": "Chiusa.", "en": "Closed."}],
        "parts": [{"part": "hours", "before": 0.8, "now": None}],
    }  # fmt: skip
    page = {
        "is_reproduced": True, "causes": [{"code": "vocabulary", "it": "Altro.", "en": "Another."}], "lines": [line],
        "now": {"weights": {"version": "v"}, "algorithm": "a", "seed": 0, "ranked_on": "2026-01-12"},
    }  # fmt: skip
    assert terminal.replay(page, "en").splitlines() == [
        "The stored values give the same list again.",
        "! Another.",
        "Tirocinio, Officina  [internship]",
        "    Stays.",
        "    - Closed.",
        "    hours: 0.80 → –",
        "",
        "Algorithm a, weights v, seed 0, day 2026-01-12.",
    ]
    firsts = [terminal.replay(page | {"is_reproduced": one}).splitlines()[0] for one in (True, False, None)]
    assert len(set(firsts)) == 3
