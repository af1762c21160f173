"""What the pages of a visit's sessions call fields, say of faults, and answer to what was done."""

from __future__ import annotations

from app.bookings.models import SessionState
from app.web.language import mark as _

STATES = {
    SessionState.PLANNED: _("In programma"),
    SessionState.CANCELLED: _("Annullato"),
    SessionState.HELD: _("Fatto"),
}
DONE = {
    "planned": _("Il turno è in programma: chi vede la visita può prenotare."),
    "saved": _("Salvato. Chi ha prenotato riceve un avviso se cambiano giorno, ora o stanza."),
    "cancelled": _("Il turno è annullato. Chi aveva prenotato, e chi aspettava, riceve un avviso."),
    "quota": _("La regola sui posti vale da adesso."),
    "unquota": _("La regola è tolta. Se si è liberato qualcosa, tocca a chi aspetta."),
}
FIELDS = {
    "day": _("Giorno"),
    "starts": _("Dalle ore"),
    "ends": _("Alle ore"),
    "room": _("Stanza o ritrovo"),
    "online_link": _("Indirizzo per collegarsi"),
    "language": _("Lingua"),
    "note": _("Nota per chi viene"),
    "seats": _("Posti"),
    "smallest_group": _("Gruppo più piccolo"),
    "is_open_to_guests": _("Aperto agli ospiti"),
    "sort": _("Che regola è"),
    "number": _("Quanti"),
    "school_id": _("Scuola"),
    "year": _("Anno"),
    "visit_session_id": _("Turno"),
    "until": _("Fino al"),
    "confirm": _("Conferma"),
}
ADVICE = {
    "day": _("Scegliete un giorno da oggi in poi."),
    "starts": _("Scrivete un'ora che deve ancora venire, per esempio 09:00."),
    "ends": _("Scrivete un'ora dello stesso giorno, dopo l'inizio."),
    "room": _("Al massimo 200 caratteri, su una riga."),
    "online_link": _("Deve cominciare con https:// e non avere spazi."),
    "language": _("Scegliete una lingua dall'elenco."),
    "note": _("Al massimo 1000 caratteri."),
    "seats": _("Un numero intero da 1 in su, adulti compresi."),
    "smallest_group": _("Un numero intero, non più grande dei posti; oppure lasciate vuoto."),
    "is_open_to_guests": _("Mettete o togliete il segno di spunta."),
    "sort": _("Scegliete una delle tre regole."),
    "number": _("Un numero intero da 1 in su."),
    "school_id": _("Dite per chi: una scuola, un anno, o tutti e due. Per tenere posti serve."),
    "year": _("Un anno da 1 a 6."),
    "visit_session_id": _("I posti si tengono in un turno: dite in quale."),
    "until": _("Un giorno che deve ancora venire, e solo per i posti tenuti."),
    "confirm": _("Mettete il segno di spunta: annullare non si può disfare."),
}
TROUBLES = {
    "changed": _("Intanto un collega ha cambiato il turno: guardate com'è adesso, poi cambiatelo."),
    "promised": _("Così non si può: più posti di questi sono già presi o tenuti per altri."),
    "many": _("La visita ha già il numero più grande possibile di turni, o di regole."),
    "over": _("Il turno è cominciato, finito o annullato: non si cambia più."),
    "come": _(
        "Qualcuno è già arrivato: il turno si fa, e a quest'ora. Se è un errore, nella lista del giorno segnate che non è venuto nessuno, poi riprovate."
    ),
}
"""Why something could not be saved that is well formed."""
