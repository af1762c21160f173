"""Whether a company hosts, in its own words."""

from __future__ import annotations

from app.appetites.models import Appetite, NotHosting
from app.web.language import mark as _

APPETITES = {
    Appetite.LOOKING: _("Cerca studenti"),
    Appetite.INTERESTED: _("Interessata"),
    Appetite.ORGANISED: _("Già organizzata"),
    Appetite.NOT_THIS_YEAR: _("Non quest'anno"),
}
ANSWERS = {
    Appetite.LOOKING: (_("Sì, cerchiamo studenti"), _("Vi portiamo alla proposta, già compilata.")),
    Appetite.INTERESTED: (_("Forse: ci interessa"), _("Ve lo ricordiamo, senza insistere.")),
    Appetite.ORGANISED: (_("Siamo già organizzati"), _("Per quest'anno non vi chiediamo altro.")),
}
REASONS = {
    NotHosting.NO_TUTOR: _("manca chi segua gli studenti"),
    NotHosting.NO_FITTING_WORK: _("nessun lavoro adatto a studenti"),
    NotHosting.LITTLE_WORK: _("poco lavoro"),
    NotHosting.REORGANISING: _("trasloco o riorganizzazione"),
    NotHosting.TOO_MUCH_PAPER: _("troppe carte"),
    NotHosting.NO_FITTING_STUDENTS: _("mancano studenti adatti"),
}
