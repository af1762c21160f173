"""What pages of evidence call groups, and the words of the report."""

from __future__ import annotations

from app.evidence.figures import ELSEWHERE
from app.evidence.models import Outcome
from app.web.language import mark as _

GROUPINGS = {
    "area": _("Per area"), "school_kind": _("Per tipo di scuola"), "size": _("Per dimensione"), "year": _("Per anno"),
    "track": _("Per indirizzo e anno"),
}  # fmt: skip
SCHOOL_KINDS = {
    "technical": _("Istituti tecnici"), "vocational": _("Istituti professionali"), "liceo": _("Licei"), "iefp": _("IeFP"),
    "its": _("ITS Academy"), "other": _("Altre scuole"),
}  # fmt: skip
SIZES = {
    "micro": _("Micro, meno di 10 addetti"), "small": _("Piccole, meno di 50"), "medium": _("Medie, meno di 250"),
    "large": _("Grandi"),
}  # fmt: skip
AREA_ELSEWHERE = {ELSEWHERE: _("Altrove nel territorio")}
OUTCOMES = {
    Outcome.CONTRACT: _("Un contratto di lavoro"), Outcome.APPRENTICESHIP: _("Un apprendistato"),
    Outcome.ITS_ENROLMENT: _("L'iscrizione a un ITS"), Outcome.UNIVERSITY: _("L'iscrizione all'università"),
}  # fmt: skip
WITHHELD, AT_LEAST, FEWER = _("non si dice"), _("almeno %(number)s"), _("meno di 5")
ALL = _("In tutto")
HEAD = [_("Gruppo"), _("Quanti"), _("Quota"), _("Intervallo"), _("Distanza dagli altri")]
INTERVAL = _("da %(low)s a %(high)s")
OTHER_TRACKS = _("Altri indirizzi")
TREND = [_("Ogni anno"), _("Intervallo")]
POINTS = _("%(number)s punti")
TITLE = _("Scuole e imprese: i risultati")
WHO, METHOD = _("Di che cosa si parla"), _("Come si contano le persone")
FACTS = {
    "territory": _("Territorio"), "policy": _("Indicatori"), "year": _("Anno scolastico"), "number": _("Edizione"),
    "counted": _("Contata il"), "released": _("Pubblicata il"), "publisher": _("Titolare"), "licence": _("Licenza"),
}  # fmt: skip
METHODS = [
    _("Le persone sono contate a gruppi di cinque, per difetto: «almeno 15» vuol dire da 15 a 19."),
    _(
        "«Non si dice»: il numero, messo insieme agli altri o a un'edizione di prima, direbbe di poche persone."
    ),
    _(
        "Le quote sono calcolate sui numeri pubblicati. L'intervallo (Wilson, 95 %) comprende anche l'arrotondamento;"
        " la distanza dagli altri (Newcombe) è sicura solo se il suo intervallo non contiene lo zero."
    ),
    _(
        "Genere: il servizio non lo conosce. Disabilità e salute: il servizio non le chiede e non le conta mai."
    ),
    _(
        "«Ogni anno»: di quanto cambia in media, dal primo all'ultimo anno caricato. L'intervallo (95 %) comprende il caso e"
        " l'arrotondamento; se contiene lo zero, non si sa se cresce o cala."
    ),
    _("Una differenza tra gruppi non ne dice la causa."),
]
"""Notes on the method, which stand under every edition."""
