"""What pages call the kinds and the owners of reported problems."""

from __future__ import annotations

from app.web.language import mark as _

KINDS = {
    "safety": _("Non è sicuro"),
    "tasks": _("I compiti non sono quelli"),
    "hours": _("Gli orari non sono quelli"),
    "behaviour": _("Qualcuno si comporta male"),
    "other": _("Altro"),
}
HINTS = {
    "safety": _("Macchine, sostanze, protezioni che mancano. La scuola lo legge subito."),
    "tasks": _("Il lavoro è diverso da quello che avete deciso."),
    "hours": _("Troppe ore, troppo tardi, o giorni diversi."),
    "behaviour": _("Offese, scherzi pesanti, contatti che non vuoi."),
    "other": _("Quello che qui sopra non c'è."),
}
OWNERS = {
    "tutor": _("il tutor della scuola"),
    "lead": _("chi guida i tirocini nella scuola"),
    "territory": _("chi coordina il territorio"),
    "service": _("chi gestisce il servizio"),
    "closed": _("nessuno: è chiusa"),
}
SIDES = {
    "student": _("Studente"),
    "family": _("Famiglia"),
    "school": _("Scuola"),
    "territory": _("Coordinamento del territorio"),
    "service": _("Gestione del servizio"),
}
