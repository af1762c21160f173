"""The words of pages about tests of a class."""

from __future__ import annotations

from app.dates import PartName
from app.web.language import mark as _

PARTS = {
    PartName.MORNING: _("la mattina"),
    PartName.AFTERNOON: _("il pomeriggio"),
    PartName.EVENING: _("la sera"),
}
DONE = {
    "noted": _("Le verifiche sono salvate."),
    "removed": _("La verifica è tolta."),
}
UNREADABLE = _("non si legge. Scrivi il giorno e la materia: 10/03 matematica.")
NO_PART = _("Scegli una parte della giornata dall'elenco.")
NO_LINES = _("Scrivi almeno una riga.")
TOO_MANY_LINES = _("Al massimo 50 righe per volta.")
TOO_MANY = _("La classe ha già troppe verifiche: togli quelle che non servono.")
FAULTS = {
    "held_on": _("il giorno non è nell'anno scolastico di questa classe."),
    "subject": _("questa verifica c'è già, o è scritta due volte."),
}
