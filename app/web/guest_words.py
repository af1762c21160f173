"""What the pages for guests call fields, say of faults, and of a booking without an account."""

from __future__ import annotations

from app.bookings.models import BookingState
from app.bookings.rules import BookingAction
from app.web.language import mark as _

FIELDS = {
    "name": _("Nome e cognome"),
    "email": _("Indirizzo e-mail"),
    "people": _("Quante persone"),
    "adult": _("Chi prenota"),
    "confirm": _("Conferma"),
}
ADVICE = {
    "name": _("Scrivi il nome e il cognome di chi prenota."),
    "email": _("Scrivi un indirizzo e-mail intero, per esempio nome@esempio.it."),
    "people": _("Scegli quante persone vengono, te compreso: da una a cinque, se ci stanno."),
    "adult": _("Prenota una persona maggiorenne: metti il segno di spunta."),
    "confirm": _("Metti il segno di spunta: i dati cancellati non tornano."),
}
STATES = {
    BookingState.HELD: _("La richiesta aspetta la conferma"),
    BookingState.BOOKED: _("Prenotato"),
    BookingState.WAITING: _("In lista d'attesa. Se si libera un posto ti scriviamo."),
    BookingState.OFFERED: _("Adesso c'è posto. Rispondi entro il %(moment)s, poi il posto va ad altri."),
    BookingState.CANCELLED: _("Annullato"),
    BookingState.DECLINED: _("Hai lasciato il posto ad altri"),
    BookingState.EXPIRED: _("Scaduto"),
    BookingState.ATTENDED: _("Visita fatta"),
    BookingState.ABSENT: _("Non è venuto nessuno"),
}
ACTIONS = {
    BookingAction.ACCEPT: _("Sì, prendo il posto"),
    BookingAction.DECLINE: _("No, lo lascio ad altri"),
    BookingAction.CANCEL: _("Annulla la prenotazione"),
}
TROUBLES = {
    "wrong": _("Questo link non vale, o non vale più. Puoi chiedere di nuovo dalla pagina della visita."),
    "used": _(
        "Questo link è già stato usato: la prenotazione c'è. Per vederla o annullarla apri il link della seconda mail."
    ),
    "closed": _("Intanto questa visita non prende più prenotazioni di ospiti."),
    "late": _("Questo adesso non si può più fare: guarda com'è la prenotazione."),
    "many": _("Per così tante persone non c'è mai posto in questo turno."),
}
