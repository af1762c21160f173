"""The words of pages about days off."""

from __future__ import annotations

from app.web.language import mark as _

KINDS = {
    "lessons_only": _("La scuola è chiusa, i tirocini continuano"),
    "nobody_expected": _("In questi giorni nessuno va in azienda"),
}
KIND_HINTS = {
    "lessons_only": _("Non cambia niente per chi è in azienda. Così è per l'estate."),
    "nobody_expected": _("Questi giorni non si contano nelle ore. Al massimo 31 di seguito."),
}
PROPOSALS = {
    "christmas": _("Vacanze di Natale"),
    "easter": _("Vacanze di Pasqua"),
    "summer": _("Vacanze estive"),
}
DONE = {
    "closed": _("I giorni di chiusura sono salvati."),
    "reopened": _("Il giorno di chiusura è tolto."),
    "patron": _("Il giorno del patrono è salvato."),
    "patron_removed": _("Il giorno del patrono è tolto."),
}
UNREADABLE = _("non si legge. Scrivi primo giorno, ultimo giorno e nome: 24/12/2026 - 06/01/2027 Natale.")
NO_KIND = _("Scegli che cosa fa chi è in azienda.")
NO_LINES = _("Scrivi almeno una riga.")
TOO_MANY_LINES = _("Al massimo 50 righe per volta.")
FAULTS = {
    "starts_on": _("questi giorni ci sono già."),
    "ends_on": _("l'ultimo giorno viene prima del primo, oppure più di un anno dopo."),
    "kind": _("sono più di 31 giorni: per un periodo così lungo scegli «i tirocini continuano»."),
}
PATRON_FAULTS = {
    "municipality_istat": _("Questo comune non si trova, o ce n'è più di uno: scrivi anche la provincia, per esempio Imola (BO)."),
    "day": _("Questo giorno non esiste."),
    "name": _("Scrivi il nome del patrono."),
    "known": _("Il patrono di questo comune c'è già: prima toglilo."),
    "far": _("Questo comune è in un'altra provincia: lo segna chi coordina là."),
}  # fmt: skip
MONTHS = (
    _("gennaio"), _("febbraio"), _("marzo"), _("aprile"), _("maggio"), _("giugno"), _("luglio"), _("agosto"),
    _("settembre"), _("ottobre"), _("novembre"), _("dicembre"),
)  # fmt: skip
