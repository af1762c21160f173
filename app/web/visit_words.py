"""What the pages of booking say when a booking cannot be made."""

from __future__ import annotations

from app.class_visits.rules import Hindrance
from app.web.language import mark as _

TROUBLES = {
    "elsewhere": _(
        "In quelle ore qualcuno ha già un altro impegno: un tirocinio o un'altra visita. Prima si libera quello."
    ),
    "already": _("Qualcuno ha già una prenotazione per questo turno."),
    "full": _("Adesso non c'è posto per tutti. Si può entrare in lista d'attesa, o dividere la classe."),
    "half": _(
        "Nei due turni insieme non c'è posto per tutti. Non è stato prenotato niente: prova con un altro turno."
    ),
    "small": _("Il gruppo è più piccolo di quanto chiede chi ospita."),
    "large": _("Qui non ci può mai essere posto per così tante persone: prova a dividere la classe."),
    "test": _(
        "Nelle ore di questo turno la classe ha una verifica. Per venire lo stesso, scegli «prenota lo stesso»."
    ),
    "closed": _("Questo turno adesso non prende prenotazioni."),
}
OBSTACLES = {
    Hindrance.CLOSED: _("quel giorno la scuola è chiusa"),
    Hindrance.SMALL: _("chi ospita chiede un gruppo più grande"),
    Hindrance.LARGE: _("non ci state mai tutti: si può dividere la classe"),
    Hindrance.WAIT: _("adesso non c'è posto per tutti: lista d'attesa"),
    Hindrance.TEST: _("quel giorno la classe ha una verifica di %(subjects)s"),
}
FIELDS = {
    "class_id": (_("Classe"), _("Scegli una delle tue classi.")),
    "student_ids": (_("Chi viene"), _("Scegli almeno uno studente della classe.")),
    "adults": (_("Adulti"), _("Un numero da 1 a 50; se dividi la classe almeno 2, uno per gruppo.")),
    "second": (_("Secondo turno"), _("Scegli un turno dall'elenco.")),
}
