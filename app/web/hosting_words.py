"""The words of pages about shared internships and visits."""

from __future__ import annotations

from app.hosting.models import PartnerReason, PartnerState
from app.hosting.rules import PartnerAction
from app.web.language import mark as _

STATES = {
    PartnerState.INVITED: _("Deve ancora rispondere"),
    PartnerState.ACCEPTED: _("Ha detto di sì"),
    PartnerState.DECLINED: _("Ha detto di no"),
    PartnerState.WITHDRAWN: _("Non è più invitata"),
}
REASONS = {
    PartnerReason.NO_TUTOR: _("Nessuno può seguire gli studenti"),
    PartnerReason.NO_FITTING_WORK: _("Non abbiamo un lavoro adatto"),
    PartnerReason.DAYS_DO_NOT_FIT: _("In quei giorni non possiamo"),
    PartnerReason.TOO_MUCH_PAPER: _("Troppe carte da fare"),
    PartnerReason.OTHER_STUDENTS: _("Ospitiamo già altri studenti"),
}
ACTIONS = {
    PartnerAction.ACCEPT: _("Sì, partecipiamo"),
    PartnerAction.DECLINE: _("No, questa volta no"),
    PartnerAction.INVITE: _("Chiedete di nuovo"),
    PartnerAction.WITHDRAW: _("Togliete l'invito"),
}
FIELDS = {
    "stations": _("Tappe"),
    "company_id": _("Dove"),
    "site_id": _("Dove"),
    "starts_on": _("Primo giorno"),
    "ends_on": _("Ultimo giorno"),
    "starts_at": _("Dalle"),
    "ends_at": _("Alle"),
    "hours": _("Ore"),
    "learns": _("Che cosa si impara"),
    "reason": _("Motivo"),
    "tutor_id": _("Chi segue gli studenti"),
}
ADVICE = {
    "starts_on": _("Scrivete un giorno dentro il periodo della proposta, libero da altre tappe."),
    "ends_on": _("Scrivete un giorno dentro il periodo della proposta, non prima del primo."),
    "starts_at": _("Gli orari valgono solo per una tappa di un giorno: tutti e due, o nessuno."),
    "ends_at": _("Gli orari valgono solo per una tappa di un giorno: tutti e due, o nessuno."),
    "hours": _("Un numero da 1 a 5000."),
    "company_id": _("Scegliete la vostra sede o quella di un'azienda che ha detto di sì."),
    "site_id": _("Scegliete una sede dell'elenco."),
    "reason": _("Scegliete un motivo: chi vi ha invitato lo legge."),
    "tutor_id": _("Scegliete una persona della vostra azienda."),
    "learns": _("Al massimo 1000 lettere."),
    "stations": _(
        "Servono almeno due aziende, un solo periodo della proposta, nessun giorno scoperto, e le ore delle tappe insieme devono fare le ore della proposta."
    ),
}
ADVICE_ELSE = _("Guardate questo campo.")
OBSTACLES = {
    "company_id": _("Una tappa è di un'azienda che non ha ancora detto di sì."),
    "else": _("Le tappe non vanno più d'accordo con i giorni o le ore della proposta: salvatele di nuovo."),
}
TROUBLES = {
    "changed": _("Intanto qualcosa è cambiato: guardate com'è adesso, poi rispondete."),
    "late": _("Questo adesso non si può più fare: guardate com'è."),
    "expected": _("Degli studenti hanno già concordato di venire lì. Parlatene prima con la scuola."),
    "known": _("Questa azienda è già stata invitata."),
    "many": _("Avete già invitato il massimo di aziende."),
    "unfit": _("Questa azienda non si può invitare: deve essere approvata e dello stesso territorio."),
}  # fmt: skip
DONE = {
    "saved": _("Il piano è salvato. Chi aveva detto di sì a una tappa diversa deve rispondere di nuovo."),
    "invited": _("L'invito è partito. La risposta arriva qui e nei messaggi."),
    "moved": _("Fatto: chi deve saperlo lo trova nei messaggi."),
}
