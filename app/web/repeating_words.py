"""The words of the page that plans many sessions at once."""

from __future__ import annotations

from app.bookings.rules_clashes import ClashKind
from app.bookings.rules_repeating import LeftOut
from app.web.language import mark as _

WEEKDAYS = {
    "MO": _("Lunedì"),
    "TU": _("Martedì"),
    "WE": _("Mercoledì"),
    "TH": _("Giovedì"),
    "FR": _("Venerdì"),
    "SA": _("Sabato"),
    "SU": _("Domenica"),
}
EVERY = {
    "1": _("Ogni settimana"),
    "2": _("Ogni due settimane"),
    "3": _("Ogni tre settimane"),
    "4": _("Ogni quattro settimane"),
}
LEFT_OUT = {
    LeftOut.LISTED: _("l'avete tolto voi"),
    LeftOut.PAST: _("è già passato"),
    LeftOut.HOLIDAY: _("è festa"),
    LeftOut.PATRON: _("è il patrono del comune"),
    LeftOut.SCHOOL_CLOSED: _("la scuola è chiusa"),
    LeftOut.NO_SUCH_HOUR: _("quell'ora non c'è: cambia l'ora legale"),
}
CLASHES = {
    ClashKind.ROOM: _("Stessa sala, stessa ora"),
    ClashKind.HOST: _("Stessa ora, stesso ospite"),
    ClashKind.TEST: _("Una classe che ha prenotato ha una verifica"),
    ClashKind.TOPIC: _("Stesso tema, stesso comune, stessa settimana"),
}
FIELDS = {
    "weekdays": _("Giorni della settimana"),
    "first_on": _("Primo giorno"),
    "last_on": _("Ultimo giorno"),
    "starts_at": _("Dalle"),
    "ends_at": _("Alle"),
    "without": _("Giorni da saltare"),
    "seats": _("Posti per turno"),
    "room": _("Sala o punto di ritrovo"),
}
ADVICE = {
    "weekdays": _("Scegliete almeno un giorno della settimana."),
    "first_on": _("Scrivete un giorno."),
    "last_on": _("Un giorno dopo il primo, entro un anno."),
    "starts_at": _("Un'ora, per esempio 09:00."),
    "ends_at": _("Un'ora che viene dopo l'inizio."),
    "without": _("Giorni come 24/12/2026, uno dopo l'altro."),
    "seats": _("Un numero, almeno 1."),
}
ADVICE_ELSE = _("Guardate questo campo.")
TROUBLES = {
    "room": _("La sala è già presa in uno di questi giorni: cambiate sala, oppure togliete il giorno."),
    "nothing": _("Non resta nessun giorno."),
    "many": _("Sono troppi turni per una visita: al massimo 100."),
    "late": _("Così non si può: guardate i posti, e se la visita è in archivio."),
}
