"""What the pages of the network call what its rules tell apart."""

from __future__ import annotations

from app.actors.models import Pledge
from app.actors.portfolio import Why
from app.actors.portfolio_series import Filling
from app.actors.rules import ActorKind, Doing, TieKind, TieOrder
from app.web.language import mark as _

KINDS = {
    ActorKind.SCHOOL: _("Scuola"),
    ActorKind.FIRM: _("Azienda"),
    ActorKind.LAB: _("Laboratorio"),
    ActorKind.TRAINING_BODY: _("Ente di formazione"),
    ActorKind.PUBLIC_BODY: _("Ente pubblico"),
    ActorKind.ASSOCIATION: _("Associazione"),
}
DOINGS = {
    Doing.TOGETHER: _("Quest'anno lavora con altri"),
    Doing.ALONE: _("Quest'anno con nessuno"),
}
ORDERS = {
    TieOrder.STRENGTH: _("Chi fa di più insieme"),
    TieOrder.SCHOOL: _("Scuola"),
    TieOrder.COMPANY: _("Chi ospita"),
    TieOrder.VISITS: _("Visite"),
    TieOrder.PLACEMENTS: _("Inserimenti"),
    TieOrder.AGREEMENTS: _("Convenzioni"),
    TieOrder.PROTOCOLS: _("Protocolli"),
}
TIE_KINDS = {
    TieKind.VISITS: _("Con visite"),
    TieKind.PLACEMENTS: _("Con inserimenti"),
    TieKind.AGREEMENTS: _("Con convenzioni"),
    TieKind.PROTOCOL: _("Con un protocollo"),
}
GROUNDS = {
    Why.DISTRICT: _("è in un distretto che non ha eventi: %(key)s"),
    Why.PRIORITY: _("è in un'area prioritaria che non ha eventi: %(key)s"),
    Why.PROGRAMME: _("si rivolge a %(key)s, che nessun evento raggiunge"),
    Why.WANTS: _("ha detto che quest'anno vuole ospitare"),
    Why.LOW_LOAD: _("questo mese le è arrivato poco"),
    Why.NEVER_INVITED: _("non l'ha ancora invitata nessuno"),
}
FILLINGS = {
    Filling.OVERBOOKED: _("troppo richiesta"),
    Filling.HALF_EMPTY: _("mezza vuota"),
    Filling.EVEN: _("in equilibrio"),
}
PLEDGES = {
    Pledge.VISITS: _("turni di visita"),
    Pledge.SEATS: _("posti nelle visite"),
    Pledge.PLACEMENTS: _("studenti inseriti"),
    Pledge.OTHER: _("altro, in parole"),
}
PROTOCOL_FIELDS = {
    "title": _("Il titolo manca o è troppo lungo"),
    "document_number": _("Il numero del documento non va bene"),
    "signed_on": _("Manca il giorno della firma"),
    "valid_until": _("L'ultimo giorno non va bene, o viene prima della firma"),
    "parties": _(
        "Chi firma: almeno due, ciascuno una volta, con il nome dell'elenco; un impegno vuole il numero, e «altro» le parole"
    ),
}
