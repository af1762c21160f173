"""What the pages of needs call why a student has found nothing, and what would help."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from app.actors.rules import District
from app.evidence.register import Nothing
from app.web.language import mark as _

REASONS = {
    Nothing.REFUSED: _("Ha chiesto, senza esito"),
    Nothing.NOT_ASKED: _("Potrebbe, non ha chiesto"),
    Nothing.SKILLS: _("Mancano competenze"),
    Nothing.FULL: _("Posti finiti"),
    Nothing.DATES: _("Nessuna data"),
    Nothing.REACH: _("Troppo lontano"),
    Nothing.NOT_ADMITTED: _("Indirizzo non ammesso"),
}
HELPS = {
    Nothing.REFUSED: (
        _("Senti le aziende che non rispondono"),
        "/coordination/companies?standing=silent",
    ),
    Nothing.NOT_ASKED: (_("Parla con la scuola: un tirocinio adatto c'è"), "/coordination/students"),
    Nothing.SKILLS: (_("Guarda i percorsi che insegnano quello che manca"), "#skills"),
    Nothing.FULL: (_("Chiedi altri posti a chi ha finito i suoi"), "/coordination/needs"),
    Nothing.DATES: (_("Chiedi altri periodi alle proposte per pochi"), "/coordination/opportunities"),
    Nothing.REACH: (_("Chiedi posti nelle zone che ne hanno meno"), "/coordination/supply#districts"),
    Nothing.NOT_ADMITTED: (_("Chiedi proposte aperte a quell'indirizzo"), "/coordination/supply#programmes"),
}
"""What to do about each, and where."""


def months(today: date, number: int) -> list[date]:
    """The first days of the last whole months, the latest last.

    >>> [f"{day:%Y-%m}" for day in months(date(2026, 2, 3), 3)]
    ['2025-11', '2025-12', '2026-01']
    """
    last = today.year * 12 + today.month - 1
    return [date(one // 12, one % 12 + 1, 1) for one in range(last - number, last)]


def choices(
    titles: Mapping[str, Mapping[str, str]], districts: Sequence[District], language: str
) -> dict[str, list[tuple[str, str]]]:
    """Tracks and districts to choose from, by name."""
    tracks = sorted(((key, title[language]) for key, title in titles.items()), key=lambda one: one[1])
    return {
        "track": tracks,
        "district": [(one.key, one.it if language == "it" else one.en) for one in districts],
    }
