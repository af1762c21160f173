"""What pages say of hours and evaluations, and how they read what a form says of days."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from typing import Annotated
from uuid import UUID

from fastapi import Form

from app.hours.models import CreditKind, Criterion, EntryState
from app.hours.service import Said
from app.placements.models import Party, State
from app.web.language import mark as _

_SAID = r"^([0-9a-f-]{36}) (20[0-9]{2}-[0-9]{2}-[0-9]{2}) ([0-9]{1,9}) ([0-9]{1,4})$|^$"
WrittenDay = Annotated[str, Form(pattern=_SAID)]
"""A menu's choice for a day: placement, day, the version that the reader has seen, minutes; empty says nothing."""


def read_days(written: Iterable[str]) -> list[Said]:
    """What the menus of a table say. Raises ValueError for a day that no month has."""
    found = (re.match(_SAID, one) for one in written if one)
    return [
        Said(UUID(one[1]), date.fromisoformat(one[2]), int(one[4]), int(one[3]))
        for one in found
        if one is not None
    ]


def choices(most: int, *also: int | None) -> list[int]:
    """Minutes that a menu offers for a day, the whole day first, by half hours, and what somebody has said."""
    halves = {most, *range(0, most, 30)}
    return sorted(halves | {one for one in also if one is not None}, reverse=True)


ENTRY_STATES = {
    EntryState.NOTED: _("aspetta l'azienda"),
    EntryState.CONFIRMED: _("confermato"),
    EntryState.DISPUTED: _("da chiarire"),
}
STATES = {
    State.PLANNED: _("in programma"),
    State.READY: _("pronto a partire"),
    State.RUNNING: _("in corso"),
    State.CLOSING: _("da chiudere"),
    State.COMPLETED: _("concluso"),
    State.INTERRUPTED: _("interrotto"),
    State.CANCELLED: _("annullato"),
}
CREDITS = {
    CreditKind.VISIT: _("Visita"),
    CreditKind.TRAINING: _("Percorso formativo"),
    CreditKind.SAFETY: _("Formazione sulla sicurezza"),
    CreditKind.PROJECT: _("Progetto della scuola"),
}
CRITERIA = {
    Criterion.RELIABILITY: _("È puntuale e fa quello che promette"),
    Criterion.INITIATIVE: _("Chiede, propone, va avanti da solo"),
    Criterion.COLLABORATION: _("Lavora bene con gli altri"),
    Criterion.CARE: _("Lavora con cura e in sicurezza"),
    Criterion.WELCOME: _("Mi hanno accolto bene"),
    Criterion.TASKS: _("I compiti andavano bene per me"),
    Criterion.HELP: _("Il tutor mi ha aiutato"),
    Criterion.LEARNING: _("Ho imparato cose nuove"),
    Criterion.SAFETY: _("Mi sono sentito al sicuro"),
    Criterion.PLAN_KEPT: _("Si è fatto quello che era nel progetto"),
    Criterion.PROGRESS: _("Lo studente ha fatto progressi"),
    Criterion.HOST_FITS: _("L'azienda è adatta ai nostri studenti"),
}
MARKS = {1: _("per niente"), 2: _("poco"), 3: _("abbastanza"), 4: _("molto")}
AGAIN = {
    Party.COMPANY: _("Ospitereste ancora uno studente?"),
    Party.STUDENT: _("Lo rifaresti?"),
    Party.SCHOOL: _("Mandereste ancora uno studente in questa azienda?"),
}
SAYS = {
    Party.COMPANY: _("L'azienda"),
    Party.STUDENT: _("Lo studente"),
    Party.SCHOOL: _("La scuola"),
}
MISSING = {
    "hours": _("Ci sono giorni non confermati."),
    "evaluations.company": _("Manca la valutazione dell'azienda, o la vostra conferma."),
    "evaluations.student": _("Manca la valutazione dello studente."),
    "evaluations.school": _("Manca la vostra valutazione."),
}
