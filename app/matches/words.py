"""Why an opportunity is not shown, in plain words; what ranking has to say it says itself (`matching.explain`)."""

from __future__ import annotations

RULES: dict[str, tuple[str, str]] = {
    "not_published": ("Non è pubblicata.", "It is not published."),
    "closed": ("Le iscrizioni sono chiuse.", "It no longer takes applications."),
    "no_seats": ("Non ci sono più posti.", "No seats are left."),
    "period_over": ("Le date sono passate.", "Its dates are over."),
    "school_kind": ("È per un altro tipo di scuola.", "It is for another kind of school."),
    "sector": ("È per un altro settore di studi.", "It is for another sector of study."),
    "programme": ("È per un altro indirizzo.", "It is for another programme."),
    "year": ("È per un altro anno di corso.", "It is for another year of study."),
    "age_low": ("In quelle date lo studente è troppo giovane.", "On those dates the student is too young."),
    "age_high": (
        "In quelle date lo studente è oltre l'età prevista.",
        "On those dates the student is too old.",
    ),
    "travel": (
        "È più lontano della distanza scelta dallo studente.",
        "It is farther than the student travels.",
    ),
    "calendar": (
        "Le date non vanno d'accordo con quando lo studente è libero.",
        "The student is not free on its dates.",
    ),
}
"""Code → Italian, English. `not_published` is the service's own rule; the others are the engine's."""
