"""What pages say on the day of a visit, and why something cannot be noted."""

from __future__ import annotations

from app.attendances.models import Discovery, Recommends
from app.web.language import mark as _

TROUBLES = {
    "code": _(
        "Nessuna prenotazione di questo turno ha questo codice. Riscrivetelo, oppure cercate la scuola nella lista."
    ),
    "wait": _("Troppi codici sbagliati: aspettate un momento, oppure usate la lista."),
    "said": _("La scuola ha già detto chi c'era: vale quello che dice la scuola."),
    "late": _("Adesso non si può segnare: la lista si apre 45 minuti prima dell'inizio."),
    "numbers": _("Questi numeri non vanno bene: non possono essere più di chi ha prenotato."),
}
DISCOVERIES = {
    Discovery.A_JOB: _("Un mestiere che non conoscevo"),
    Discovery.A_COMPANY: _("Com'è davvero un'azienda"),
    Discovery.A_TECHNOLOGY: _("Una macchina o una tecnologia"),
    Discovery.A_PATH: _("Che cosa studiare dopo"),
    Discovery.NOTHING_NEW: _("Niente di nuovo"),
}
RECOMMENDS = {
    Recommends.YES: _("Sì"),
    Recommends.PERHAPS: _("Forse"),
    Recommends.NO: _("No"),
}
TITLE = _("Attestato di partecipazione")
CLASS = _("Classe %(name)s, %(school)s")
TOOK_PART = _("ha partecipato alla visita")
HOURS = _("La scuola riconosce %(number)s ore.")
MADE = _("Fatto da Bottega il %(day)s, da quello che hanno segnato azienda e scuola.")
FILE = _("attestati")
