"""What pages say of a booking in each state, why it ended, and what each step with it is called."""

from __future__ import annotations

from app.bookings.models import BookingEnd, BookingState
from app.bookings.rules import BookingAction
from app.web.language import mark as _

STATES = {
    BookingState.HELD: _("Il posto è tenuto. Va confermato entro il %(moment)s, poi va ad altri."),
    BookingState.BOOKED: _("Prenotato"),
    BookingState.WAITING: _("In lista d'attesa"),
    BookingState.OFFERED: _("Adesso c'è posto. Si risponde entro il %(moment)s, poi il posto va ad altri."),
    BookingState.CANCELLED: _("Annullato"),
    BookingState.DECLINED: _("La risposta è stata no: il posto è andato ad altri"),
    BookingState.EXPIRED: _("Scaduto"),
    BookingState.ATTENDED: _("Visita fatta"),
    BookingState.ABSENT: _("Non è venuto nessuno"),
}
ENDS = {
    BookingEnd.OWN_CHOICE: _("Così ha deciso chi ha prenotato."),
    BookingEnd.NO_ANSWER: _("Nessuno ha risposto in tempo."),
    BookingEnd.NO_SEAT: _("Non si è liberato un posto in tempo."),
    BookingEnd.SESSION_CANCELLED: _("La visita di quel giorno non si fa più."),
    BookingEnd.STUDENT_GONE: _("Chi doveva venire non è più qui."),
}
ACTIONS = {
    BookingAction.CONFIRM: _("Conferma il posto"),
    BookingAction.ACCEPT: _("Sì, prendi il posto"),
    BookingAction.DECLINE: _("No, lascialo ad altri"),
    BookingAction.CANCEL: _("Annulla la prenotazione"),
    BookingAction.ATTEND: _("Segna: presente"),
    BookingAction.MISS: _("Segna: assente"),
}
FIRST = (BookingAction.CONFIRM, BookingAction.ACCEPT, BookingAction.ATTEND)
"""The steps that most people come to take."""
TROUBLES = {
    "changed": _("Intanto la prenotazione è cambiata: guarda com'è adesso, poi scegli."),
    "late": _("Questo adesso non si può più fare: guarda com'è la prenotazione."),
    "elsewhere": _(
        "In quelle ore c'è già un altro impegno: un tirocinio o un'altra visita. Prima si libera quello."
    ),
}
