"""What the sheet of a company's year and the thanks for it say."""

from __future__ import annotations

from app.benefits.rules import Likeness, Recommended
from app.web.language import mark as _

LIKENESSES = {
    Likeness.SIZE_AND_SECTOR: _("aziende del territorio della stessa dimensione e dello stesso settore"),
    Likeness.SECTOR: _("aziende del territorio dello stesso settore"),
    Likeness.SIZE: _("aziende del territorio della stessa dimensione"),
    Likeness.TERRITORY: _("aziende del territorio"),
}
RECOMMENDED = {
    Recommended.MOST: _("La maggior parte tornerebbe"),
    Recommended.HALF: _("Circa la metà tornerebbe"),
    Recommended.FEW: _("Pochi tornerebbero"),
}

FILE = _("grazie")
TITLE = _("Grazie")
YEAR = _("Anno scolastico %(year)s")
MET = _("Studenti accolti: %(number)s")
HOURS = _("Ore passate insieme: %(number)s")
WHY = _(
    "Per aver aperto le porte agli studenti delle scuole del territorio, per il tempo dei vostri tutor e per quello"
    " che si impara solo accanto a chi lavora."
)
MADE = _("Bottega, %(day)s")


def school_year(start_year: int) -> str:
    """As people write it.

    >>> school_year(2025), school_year(2099)
    ('2025/26', '2099/00')
    """
    return f"{start_year}/{(start_year + 1) % 100:02d}"
