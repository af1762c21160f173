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

LACKS_SKILLS = ("Manca una competenza richiesta.", "A required skill is missing.")
"""What keeps a student away that is no rule."""

CHANGES: dict[str, tuple[str, str]] = {
    "online": ("Se fosse online.", "If it were online."),
    "site": ("Se fosse nella vostra sede di {site}.", "If it were at your site in {site}."),
    "week_later": ("Una settimana dopo.", "A week later."),
    "week_earlier": ("Una settimana prima.", "A week earlier."),
    "drop_skill": ("Senza chiedere {skill}.", "Without asking for {skill}."),
    "lower_skill": (
        "Chiedendo {skill} solo al livello {level}.",
        "Asking for {skill} at level {level} only.",
    ),
    "year": ("Ammettendo anche l'anno di corso {year}.", "Admitting year of study {year} too."),
    "min_age": (
        "Ammettendo dai {age} anni, se la legge lo permette.",
        "Admitting from age {age}, where the law allows it.",
    ),
    "max_age": ("Ammettendo fino ai {age} anni.", "Admitting up to age {age}."),
}
"""What would widen an opportunity's reach → Italian, English."""

FEW = ("meno di {least}", "fewer than {least}")
SEVERAL = ("almeno {count}", "at least {count}")

PATH = {
    "closes": (
        "{hours} ore: colma {closed} di {needs} mancanze e porta {gained} opportunità in più alla tua portata.",
        "{hours} hours: closes {closed} of {needs} gaps and brings {gained} more opportunities into your reach.",
    ),
    "brings": (
        "{hours} ore: porta {gained} opportunità in più alla tua portata.",
        "{hours} hours: brings {gained} more opportunities into your reach.",
    ),
}
"""A path in one sentence: with a goal that has needs, and without."""
