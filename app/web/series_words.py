"""The words of pages about series."""

from __future__ import annotations

from app.series.models import Audience, ProposalState, SeriesKind, SeriesState
from app.series.rules import ProposalAction
from app.web.language import mark as _

KINDS = {
    SeriesKind.FESTIVAL: _("Festival"),
    SeriesKind.OPEN_DAYS: _("Giorni aperti"),
    SeriesKind.PROGRAMME: _("Programma"),
}
STATES = {
    SeriesState.DRAFT: _("Bozza: la vede solo chi coordina"),
    SeriesState.OPEN: _("Aperta alle proposte"),
    SeriesState.CLOSED: _("Non prende altre proposte"),
}
STEPS = {
    SeriesState.OPEN: _("Apri alle proposte"),
    SeriesState.CLOSED: _("Chiudi le proposte"),
}
AUDIENCES = {
    Audience.STUDENTS: _("Studenti"),
    Audience.TEACHERS: _("Docenti"),
    Audience.COMPANIES: _("Aziende"),
    Audience.FAMILIES: _("Famiglie"),
}
PROPOSALS = {
    ProposalState.PROPOSED: _("Proposto: chi coordina non l'ha ancora guardato"),
    ProposalState.IN_REVIEW: _("In esame"),
    ProposalState.PUBLISHED: _("Nel programma"),
    ProposalState.RETURNED: _("Tornato a chi propone"),
    ProposalState.WITHDRAWN: _("Ritirato"),
}
ACTIONS = {
    ProposalAction.TAKE: _("Prendi in esame"),
    ProposalAction.PUBLISH: _("Metti nel programma"),
    ProposalAction.RETURN: _("Rimanda a chi propone"),
    ProposalAction.PROPOSE: _("Proponete di nuovo"),
    ProposalAction.WITHDRAW: _("Ritirate la proposta"),
}
STEP_FREE = {"yes": _("Sì, senza gradini"), "no": _("No, ci sono gradini"), "": _("Non lo sappiamo")}
FIELDS = {
    "series_id": _("Rassegna"),
    "audiences": _("Per chi è"),
    "accessibility": _("Accessibilità"),
    "contact_name": _("Chi c'è quel giorno"),
    "contact_phone": _("Telefono di quel giorno"),
    "name_it": _("Nome in italiano"),
    "name_en": _("Nome in inglese"),
    "starts_on": _("Primo giorno"),
    "ends_on": _("Ultimo giorno"),
    "review_days": _("Giorni per rispondere"),
    "territory_id": _("Territorio"),
    "kind": _("Che cos'è"),
    "reason": _("Motivo"),
    "brief": _("Che cosa chiedete"),
}
ADVICE = {
    "series_id": _("Scegliete una rassegna aperta."),
    "audiences": _("Scegliete almeno un pubblico."),
    "contact_phone": _("Solo cifre e spazi, per esempio 051 123456."),
    "name_it": _("Da 2 a 120 lettere."),
    "name_en": _("Da 2 a 120 lettere."),
    "starts_on": _("Scrivi un giorno."),
    "ends_on": _("Scrivi un giorno che non viene prima del primo."),
    "review_days": _("Un numero da 1 a 60."),
    "reason": _("Scrivi almeno due parole: chi propone le legge."),
}
ADVICE_ELSE = _("Guarda questo campo.")
TROUBLES = {
    "changed": _("Intanto la proposta è cambiata: guarda com'è adesso, poi scegli."),
    "late": _("Questo adesso non si può più fare: guarda com'è la proposta."),
    "not_ready": _("L'evento è ancora una bozza e gli manca qualcosa, per esempio le date. Rimandalo con il motivo."),
    "not_mine": _("L'evento è una bozza fuori dal tuo territorio: prima lo pubblica chi lo ospita."),
    "known": _("L'evento è già in una rassegna."),
    "closed": _("La rassegna non prende più proposte."),
}  # fmt: skip
DONE = {
    "proposed": _("La proposta è mandata. Trovate la risposta qui e nei messaggi."),
    "saved": _("È salvato."),
    "moved": _("Fatto: chi deve saperlo lo trova nei messaggi."),
    "created": _("La rassegna c'è. È una bozza: aprila quando è pronta."),
}
