"""The words of pages about papers: kinds, states, roles, what can be done, and what has gone wrong."""

from __future__ import annotations

from collections.abc import Mapping

from app import errors
from app.agreements import service, service_agreements, service_asking, service_codes, service_signing
from app.web.language import mark as _

KINDS = {
    "agreement": _("Convenzione"),
    "plan": _("Progetto formativo"),
    "amendment": _("Modifica del progetto"),
    "interruption": _("Nota di fine anticipata"),
}
STATES = {
    "draft": _("Bozza"),
    "sent": _("L'azienda la controlla"),
    "signing": _("In attesa di firme"),
    "in_force": _("Firmato da tutti"),
    "superseded": _("Sostituito"),
    "expired": _("Periodo finito"),
    "ended": _("Chiuso"),
}
ROLES = {
    "student": _("Studente"),
    "guardian": _("Responsabile genitoriale"),
    "school_tutor": _("Tutor scolastico"),
    "host_tutor": _("Tutor aziendale"),
    "host": _("Legale rappresentante dell'azienda"),
    "head": _("Dirigente scolastico"),
}
METHODS = {
    "code": _("con un codice"),
    "file": _("su carta, con il file"),
    "archive": _("su carta, in archivio"),
}
PRIVACY = {
    "controller": _("Titolare autonomo"),
    "joint_controller": _("Contitolare con la scuola"),
    "processor": _("Responsabile per conto della scuola"),
}
OBSTACLES = {
    "no_agreement": _("manca una convenzione firmata che copra tutti i giorni"),
    "no_plan": _("manca il progetto formativo firmato"),
    "plan_outdated": _("date o ore sono cambiate dopo la firma: serve un progetto nuovo o una modifica"),
    "amendment_unsigned": _("una modifica aspetta le firme"),
    "law": _("una regola di legge lo vieta"),
}
FIELDS = {
    "insurance_company": _("Compagnia della responsabilità civile"),
    "insurance_policy": _("Numero della polizza"),
    "inail_position": _("Posizione INAIL"),
    "activities": _("Attività"),
    "skills": _("Competenze da acquisire"),
    "guardian_name": _("Nome del responsabile genitoriale"),
    "school_signatory": _("Chi firma per la scuola"),
    "company_signatory": _("Chi firma per l'azienda"),
    "starts_on": _("Primo giorno"),
    "ends_on": _("Ultimo giorno"),
    "planned_hours": _("Ore in tutto: sono più di quante stanno nei giorni"),
}
"""What can be missing; whatever else is named by its column is told without a name."""

_TROUBLES: Mapping[type[errors.Problem], str] = {
    service_signing.WrongSigningCode: _(
        "Il codice non è giusto, oppure è scaduto. Controllalo, o fattene mandare uno nuovo."
    ),
    service_signing.DocumentChanged: _(
        "Il documento è cambiato, o sono cambiate le date del tirocinio. Si firma la versione nuova: chiedi alla scuola."
    ),
    service_signing.NotYourTurn: _("Prima firma un'altra persona. Ti avvisiamo quando tocca a te."),
    service_signing.SignedAlready: _("La firma c'è già."),
    service_signing.NotYourSignature: _("Qui non c'è una firma tua."),
    service_signing.BadSignedCopy: _(
        "Non si può registrare così: serve il numero di protocollo o un file PDF (al massimo 3 MB), e un giorno che non sia"
        " prima del documento."
    ),
    service_codes.NoAddress: _("Non c'è un indirizzo a cui mandare il codice. Chiedilo alla scuola."),
    service_codes.TooManyCodes: _("Hai chiesto molti codici. Usa l'ultimo, o riprova tra un'ora."),
    service.NotComplete: _("Manca ancora qualcosa."),
    service.WrongPaperState: _("Nel frattempo qualcosa è cambiato. Guarda com'è adesso."),
    service_agreements.UnfitAgreement: _("Le date non vanno bene: l'ultimo giorno viene prima del primo."),
    service_agreements.PreparedAlready: _("Ce n'è già una in preparazione."),
    service_agreements.BadSignatory: _("Questa persona non lavora qui."),
    service_asking.NoSuchLink: _("Questo collegamento non vale più."),
}
TOLD = tuple(_TROUBLES)
"""Problems that come back as a sentence on the page they happened on."""


def trouble(problem: errors.Problem) -> str:
    """The sentence, to be translated."""
    return next(text for kind, text in _TROUBLES.items() if isinstance(problem, kind))
