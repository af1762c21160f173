"""The sentence of each kind of notification, and the mail that some go out with."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final, NamedTuple

from app.notifications.models import Notification
from app.notifications.rules import NotificationKind

Words = Mapping[str, str]
SENTENCES: Mapping[NotificationKind, Words] = {
    NotificationKind.NAME_ASKED: {
        "it": "{company} vorrebbe conoscere un nome per «{title}». Serve una risposta: sì o no.",
        "en": "{company} would like to know a name for “{title}”. It needs an answer: yes or no.",
    },
    NotificationKind.NAME_GIVEN: {
        "it": "Lo studente e la scuola hanno detto di sì per «{title}»: potete leggere il nome.",
        "en": "The student and the school have said yes for “{title}”: you can read the name.",
    },
    NotificationKind.NAME_REFUSED: {
        "it": "Per «{title}» la risposta è no. Guardate gli altri profili.",
        "en": "For “{title}” the answer is no. Look at the other profiles.",
    },
    NotificationKind.COMPANY_APPROVED: {
        "it": "Il profilo di {company} è approvato: potete pubblicare.",
        "en": "The profile of {company} is approved: you can publish.",
    },
    NotificationKind.COMPANY_REJECTED: {
        "it": "Il profilo di {company} va cambiato. Leggete perché e mandatelo di nuovo.",
        "en": "The profile of {company} needs a change. Read why and send it again.",
    },
    NotificationKind.PLACEMENT_MADE: {
        "it": "«{title}» presso {company} è concordato. Guarda le date e che cosa manca.",
        "en": "“{title}” at {company} is agreed. Look at the dates and at what is missing.",
    },
    NotificationKind.PLACEMENT_ENDED: {
        "it": "«{title}» presso {company} non va avanti. La pagina dice perché.",
        "en": "“{title}” at {company} does not go on. The page says why.",
    },
    NotificationKind.HOURS_WAITING: {
        "it": "Ci sono ore di studenti da confermare. Serve un minuto: una tabella, un pulsante.",
        "en": "Hours of students wait to be confirmed. It takes a minute: one table, one button.",
    },
    NotificationKind.EVALUATION_ASKED: {
        "it": "«{title}» presso {company} è finito. Com'è andata? Serve la tua valutazione.",
        "en": "“{title}” at {company} has ended. How was it? Your evaluation is needed.",
    },
    NotificationKind.PLACEMENT_DUE: {
        "it": "«{title}» presso {company}: manca qualcosa entro il {day}. La pagina dice che cosa.",
        "en": "“{title}” at {company}: something is missing by {day}. The page says what.",
    },
    NotificationKind.JOB_ENDED: {
        "it": "Un lavoro lungo che hai avviato è finito.",
        "en": "A long job that you started has ended.",
    },
    NotificationKind.WISHES_WANTED: {
        "it": "La scuola raccoglie le tue preferenze fino al {day}. La tua lista è ancora vuota: scegli cosa ti piace.",
        "en": "The school collects your wishes until {day}. Your list is still empty: choose what you like.",
    },
    NotificationKind.ROUND_MOVED: {
        "it": "Il turno «{name}» è andato avanti da solo: è passato il giorno fissato.",
        "en": "The round “{name}” has moved on by itself: its day is over.",
    },
    NotificationKind.ROUND_WAITS: {
        "it": "Il turno «{name}» va pubblicato entro il {day}. Dopo si annulla.",
        "en": "The round “{name}” has to be published by {day}. After that it is cancelled.",
    },
    NotificationKind.ROUND_INVITES: {
        "it": "Il turno «{name}» è di più scuole, anche della vostra. Potete partecipare fino al {day}: scegliete le classi.",
        "en": "The round “{name}” is shared by schools, and open to yours. You can join until {day}: choose the classes.",
    },
    NotificationKind.PAPER_TO_CHECK: {
        "it": "{school} vi manda la bozza di una convenzione. Leggetela e rispondete: va bene, o che cosa cambiare.",
        "en": "{school} sends you the draft of an agreement. Read it and answer: it is fine, or what to change.",
    },
    NotificationKind.PAPER_RETURNED: {
        "it": "La bozza della convenzione con {company} è tornata alla scuola. Guardate che cosa cambiare.",
        "en": "The draft of the agreement with {company} is back at the school. See what is to change.",
    },
    NotificationKind.PAPER_TO_SIGN: {
        "it": "Un documento tra {school} e {company} aspetta la tua firma.",
        "en": "A document between {school} and {company} waits for your signature.",
    },
    NotificationKind.PAPER_IN_FORCE: {
        "it": "Il documento tra {school} e {company} ha tutte le firme.",
        "en": "The document between {school} and {company} has all its signatures.",
    },
    NotificationKind.APPLICATION_RECEIVED: {
        "it": "Ci sono nuove candidature per «{title}». Rispondete entro il {until}.",
        "en": "There are new applications for “{title}”. Answer by {until}.",
    },
    NotificationKind.PLACEMENT_PROPOSED: {
        "it": "La scuola vi propone uno o più studenti per «{title}»: hanno già detto di sì. Rispondete entro il {until}.",
        "en": "The school proposes one or more students for “{title}”: they have said yes. Answer by {until}.",
    },
    NotificationKind.APPLICATION_ACCEPTED: {
        "it": "{company} ha detto di sì per «{title}». Conferma entro il {until}, o il posto va a un'altra persona.",
        "en": "{company} has said yes for “{title}”. Confirm by {until}, or the seat goes to somebody else.",
    },
    NotificationKind.APPLICATION_TO_APPROVE: {
        "it": "Per «{title}» azienda e studente hanno detto di sì. Serve la risposta della scuola entro il {until}.",
        "en": "For “{title}” the company and the student have said yes. The school answers by {until}.",
    },
    NotificationKind.APPLICATION_DUE: {
        "it": "Per «{title}» manca ancora la tua risposta. C'è tempo fino al {until}.",
        "en": "For “{title}” your answer is still missing. There is time until {until}.",
    },
    NotificationKind.APPLICATION_ENDED: {
        "it": "La candidatura per «{title}» è chiusa. Nella pagina c'è scritto perché.",
        "en": "The application for “{title}” is over. The page says why.",
    },
    NotificationKind.OFFER_AGAIN: {
        "it": "Il nuovo anno scolastico comincia. Volete offrire di nuovo «{title}»? È già compilato: basta confermare.",
        "en": "The new school year begins. Would you offer “{title}” again? It is filled in: just confirm.",
    },
    NotificationKind.COMPANY_ASKED: {
        "it": "{company} ospita studenti quest'anno? Basta un tocco, anche per dire di no.",
        "en": "Does {company} host students this year? One tap is enough, also to say no.",
    },
    NotificationKind.COMPANY_WARNED: {
        "it": "Da molto tempo non sappiamo niente di {company}. Senza una risposta, fra un mese gli studenti non la vedranno più.",
        "en": "We have not heard from {company} for a long time. Without an answer, students will not see it any more in a month.",
    },
    NotificationKind.COMPANY_HIDDEN: {
        "it": "{company} per ora è nascosta a studenti e pubblico. Niente è cancellato: con un tocco torna visibile.",
        "en": "{company} is hidden from students and the public for now. Nothing is deleted: one tap brings it back.",
    },
    NotificationKind.SEATS_OFFERED: {
        "it": "«{title}» presso {company}, {day}: ora c'è posto. Rispondi entro il {until}, poi il posto va a un altro.",
        "en": "“{title}” at {company}, {day}: there is room now. Answer by {until}; then the seat goes to somebody else.",
    },
    NotificationKind.BOOKING_EXPIRED: {
        "it": "«{title}» presso {company}, {day}: la prenotazione è scaduta. Guarda le altre date.",
        "en": "“{title}” at {company}, {day}: the booking has expired. Look at the other dates.",
    },
    NotificationKind.SESSION_MOVED: {
        "it": "«{title}» presso {company} è stato spostato: ora è il {day}. Se non puoi, annulla la prenotazione.",
        "en": "“{title}” at {company} was moved: it is on {day} now. If you cannot come, cancel the booking.",
    },
    NotificationKind.SESSION_CANCELLED: {
        "it": "«{title}» presso {company} del {day} non si fa più. Guarda le altre date.",
        "en": "“{title}” at {company} on {day} does not take place. Look at the other dates.",
    },
    NotificationKind.VISIT_DONE: {
        "it": "Grazie di essere venuti: «{title}» presso {company}, {day}. Com'è andata? Due domande, mezzo minuto.",
        "en": "Thank you for coming: “{title}” at {company}, {day}. How was it? Two questions, half a minute.",
    },
    NotificationKind.EVENT_PROPOSED: {
        "it": "{company} propone «{title}» per «{series}». Serve una risposta: sì, o che cosa cambiare.",
        "en": "{company} proposes “{title}” for “{series}”. It needs an answer: yes, or what to change.",
    },
    NotificationKind.EVENT_DUE: {
        "it": "«{title}» di {company} aspetta ancora una risposta per «{series}»: il tempo è passato.",
        "en": "“{title}” of {company} still waits for an answer for “{series}”: its time is over.",
    },
    NotificationKind.EVENT_PUBLISHED: {
        "it": "«{title}» è nel programma di «{series}»: tutti lo possono leggere.",
        "en": "“{title}” is in the programme of “{series}”: everybody can read it.",
    },
    NotificationKind.EVENT_RETURNED: {
        "it": "«{title}» torna a voi da «{series}». Leggete perché, cambiate e proponete di nuovo.",
        "en": "“{title}” comes back to you from “{series}”. Read why, change it and propose it again.",
    },
    NotificationKind.HOSTING_INVITED: {
        "it": "{company} vi chiede di ospitare insieme «{title}». Guardate la vostra tappa e rispondete.",
        "en": "{company} asks you to host “{title}” together. Look at your stop and answer.",
    },
    NotificationKind.HOSTING_ANSWERED: {
        "it": "{partner} ha risposto per «{title}», che volete ospitare insieme.",
        "en": "{partner} has answered about “{title}”, which you want to host together.",
    },
    NotificationKind.HOSTING_WITHDRAWN: {
        "it": "{company} non vi chiede più di ospitare insieme «{title}».",
        "en": "{company} does not ask you any more to host “{title}” together.",
    },
    NotificationKind.KIT_NAMED: {
        "it": "«{title}» è raccontato come kit: altri lo possono rifare. Dite se volete che ci sia il vostro nome.",
        "en": "“{title}” is told as a kit that others can do again. Say whether you want your name in it.",
    },
    NotificationKind.KIT_PROPOSED: {
        "it": "{school} vi propone di rifare «{title}». La bozza è pronta: cambiatela, pubblicatela o mettetela via.",
        "en": "{school} proposes that you do “{title}” again. The draft is ready: change it, publish it or put it away.",
    },
    NotificationKind.CONCERN_RAISED: {
        "it": "C'è una segnalazione su un tirocinio presso {company}. Leggila e rispondi.",
        "en": "A problem was reported in an internship at {company}. Read it and answer.",
    },
    NotificationKind.CONCERN_URGENT: {
        "it": "Urgente: una segnalazione di sicurezza presso {company}. Leggila adesso.",
        "en": "Urgent: a safety problem was reported at {company}. Read it now.",
    },
    NotificationKind.CONCERN_PASSED_ON: {
        "it": "Una segnalazione su un tirocinio presso {company} ora tocca a te: chi doveva rispondere non l'ha risolta in tempo.",
        "en": "A reported problem at {company} is now yours: it was not solved in time by those before you.",
    },
    NotificationKind.CONCERN_ANSWERED: {
        "it": "C'è una risposta alla segnalazione su {company}.",
        "en": "There is an answer about the problem reported at {company}.",
    },
    NotificationKind.CONCERN_NAMED: {
        "it": "Il coordinamento ha chiesto di chi parla la segnalazione su {company}. Il motivo è scritto lì.",
        "en": "The coordinators have asked whom the problem at {company} is about. The reason stands there.",
    },
    NotificationKind.CONCERN_CLOSED: {
        "it": "La segnalazione su {company} è chiusa.",
        "en": "The problem reported at {company} is closed.",
    },
}
_SUBJECT_OF_ONE = {"it": "Bottega: c'è una novità", "en": "Bottega: something new"}
_SUBJECT_OF_MANY = {"it": "Bottega: {count} novità", "en": "Bottega: {count} new things"}
_GREETING = {"it": "Ciao {name},", "en": "Hello {name},"}
_END = {
    "it": "Quali mail ricevi lo scegli tu: {address}",
    "en": "You choose which mails you get: {address}",
}


_TWO_POINTS: Final = re.compile(r"(?<!\.)\.\.(?!\.)")


class Letter(NamedTuple):
    """A mail's subject and text."""

    subject: str
    text: str


def sentence(kind: str, data: Mapping[str, Any], language: str) -> str:
    """What the person is told, in Italian unless the language is known here."""
    words = SENTENCES[NotificationKind(kind)]
    told = words.get(language, words["it"]).format(**data)
    return _TWO_POINTS.sub(".", told)  # a sentence that ends in "S.p.A." has its point already


def write(language: str, *, name: str, told: Sequence[Notification], site: str) -> Letter:
    """One mail about one or several notifications, each with the address of its page."""
    spoken = language if language in _GREETING else "it"
    subject = _SUBJECT_OF_ONE if len(told) == 1 else _SUBJECT_OF_MANY
    paragraphs = [_GREETING[spoken].format(name=name)]
    paragraphs += [f"{sentence(one.kind, one.data, spoken)}\n{site}{one.path}" for one in told]
    paragraphs.append(_END[spoken].format(address=f"{site}/inbox/mails"))
    return Letter(subject[spoken].format(count=len(told)), "\n\n".join(paragraphs) + "\n")
