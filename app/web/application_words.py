"""What pages call the states of an application, what comes next in each, and why one ended."""

from __future__ import annotations

from app.applications.models import ApplicationEnd, ApplicationState
from app.applications.rules import COMPANY_REASONS, SCHOOL_REASONS, ApplicationAction
from app.web.language import mark as _

STATES = {
    ApplicationState.QUEUED: _("In attesa di partire"),
    ApplicationState.SUBMITTED: _("Inviata"),
    ApplicationState.SEEN: _("Vista dall'azienda"),
    ApplicationState.SHORTLISTED: _("Tra le scelte dell'azienda"),
    ApplicationState.PROPOSED: _("Proposta dalla scuola"),
    ApplicationState.ACCEPTED: _("L'azienda dice di sì"),
    ApplicationState.CONFIRMED: _("Confermata dallo studente"),
    ApplicationState.APPROVED: _("Posto assegnato"),
    ApplicationState.REJECTED: _("L'azienda dice di no"),
    ApplicationState.WITHDRAWN: _("Ritirata"),
    ApplicationState.EXPIRED: _("Scaduta"),
    ApplicationState.CANCELLED: _("Annullata"),
}
NEXT = {
    ApplicationState.QUEUED: _(
        "Parte il %(day)s, se c'è spazio: l'azienda riceve al massimo %(most)s candidature al mese."
    ),
    ApplicationState.SUBMITTED: _("L'azienda risponde entro il %(day)s."),
    ApplicationState.SEEN: _("L'azienda risponde entro il %(day)s."),
    ApplicationState.SHORTLISTED: _("L'azienda risponde entro il %(day)s."),
    ApplicationState.PROPOSED: _("Studente e scuola hanno detto di sì. L'azienda risponde entro il %(day)s."),
    ApplicationState.ACCEPTED: _("Lo studente conferma entro il %(day)s. Poi il posto torna libero."),
    ApplicationState.CONFIRMED: _("La scuola risponde entro il %(day)s. Poi il posto torna libero."),
    ApplicationState.APPROVED: _("Tutti hanno detto di sì."),
}
NEXT_FOR_STUDENT = NEXT | {
    ApplicationState.PROPOSED: _("Tu e la scuola avete detto di sì. L'azienda risponde entro il %(day)s."),
    ApplicationState.ACCEPTED: _(
        "Ora tocca a te. Conferma entro il %(day)s, o il posto va a un'altra persona."
    ),
    ApplicationState.CONFIRMED: _("Hai detto di sì. La scuola risponde entro il %(day)s."),
    ApplicationState.APPROVED: _("Il posto è tuo: tutti hanno detto di sì."),
}
"""What happens next in each state, and until when."""
REASONS = {
    ApplicationEnd.SEATS_GIVEN: _("i posti sono già assegnati"),
    ApplicationEnd.OTHER_DATES: _("servono altre date"),
    ApplicationEnd.OTHER_SKILLS: _("questa volta servono altre competenze"),
    ApplicationEnd.TOO_FAR: _("la sede è troppo lontana"),
    ApplicationEnd.PLANS_CHANGED: _("i programmi dell'azienda sono cambiati"),
    ApplicationEnd.SCHOOL_DATES: _("i giorni non vanno bene per la scuola"),
    ApplicationEnd.NO_AGREEMENT: _("manca la convenzione tra scuola e azienda"),
    ApplicationEnd.HOURS_NOT_COUNTED: _("queste ore non contano per la scuola"),
    ApplicationEnd.STUDENT_CHANGED: _("lo studente ha cambiato idea"),
    ApplicationEnd.OTHER_PLACEMENT: _("c'è un altro posto negli stessi giorni"),
    ApplicationEnd.OPPORTUNITY_OVER: _("la proposta è chiusa"),
    ApplicationEnd.NO_ANSWER: _("non è arrivata la risposta in tempo"),
    ApplicationEnd.NO_ROOM: _("l'azienda non aveva spazio in tempo"),
}
OF_COMPANY = {reason: text for reason, text in REASONS.items() if reason in COMPANY_REASONS}
OF_SCHOOL = {reason: text for reason, text in REASONS.items() if reason in SCHOOL_REASONS}
ACTIONS = {
    ApplicationAction.SEE: _("Vista: decidiamo più avanti"),
    ApplicationAction.SHORTLIST: _("Tra le nostre scelte"),
    ApplicationAction.ACCEPT: _("Sì, diamo il posto"),
    ApplicationAction.REJECT: _("No, non per questa proposta"),
    ApplicationAction.CANCEL: _("Ritiriamo il nostro sì"),
    ApplicationAction.CONFIRM: _("Conferma"),
    ApplicationAction.WITHDRAW: _("Ritira"),
    ApplicationAction.APPROVE: _("Approva"),
    ApplicationAction.REFUSE: _("Non approvare"),
    ApplicationAction.RESTORE: _("Riapri"),
}
TOLD = {
    "saved": _("Fatto."),
    "sent": _("La candidatura è salvata. Qui vedi che cosa succede."),
    "nothing": _("Non c'è niente di scelto. Scegli almeno una candidatura e che cosa fare."),
    "no_reason": _("Per un no serve il motivo. Sceglilo e invia di nuovo."),
    "meanwhile": _("Intanto qualcosa è cambiato. Guarda di nuovo, poi decidi: non abbiamo salvato niente."),
    "wrong": _("Questa risposta non va bene per tutte quelle scelte: guarda a che punto è ognuna."),
    "full": _("I posti liberi non bastano. Non abbiamo salvato niente."),
    "tutors": _(
        "In quei giorni i tutor dell'azienda seguono già tutti gli studenti che la legge permette. Può fare da tutor"
        " anche un'altra persona dell'azienda che ha un accesso qui. Non abbiamo salvato niente."
    ),
    "clash": _("In quei giorni c'è già un altro posto. Non abbiamo salvato niente."),
    "too_many": _("Ci sono già troppe candidature aperte. Ritirane una, poi riprova."),
    "closed": _("La proposta non prende candidature in questo momento."),
    "answered": _("Per questa proposta c'è già una risposta."),
    "days": _("Scegli giorni che la proposta offre, a partire da domani."),
}
"""What the page says after a step, by what has become of it."""
DONE = frozenset({"saved", "sent"})
