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

SUM = (
    "Punti {points} diviso pesi {weight}: punteggio {score}.",
    "Points {points} divided by weights {weight}: score {score}.",
)
"""How the parts make the score."""

REPLAY = {
    "algorithm": (
        "L'algoritmo è cambiato: da {before} a {now}.",
        "The algorithm has changed: from {before} to {now}.",
    ),
    "weights": (
        "I pesi sono cambiati: da {before} a {now}.",
        "The weights have changed: from {before} to {now}.",
    ),
    "attendance": (
        "La presenza minima è cambiata: da {before} a {now}.",
        "The least attendance has changed: from {before} to {now}.",
    ),
    "seed": (
        "L'ordine dei punteggi uguali è cambiato: seme da {before} a {now}.",
        "The order of equal scores has changed: seed from {before} to {now}.",
    ),
    "vocabulary": ("Il vocabolario delle competenze è cambiato.", "The vocabulary of skills has changed."),
    "ranked_on": (
        "La lista è del {before} e oggi è il {now}: contano le date, le età e la novità.",
        "The list is of {before} and today is {now}: dates, ages and freshness count.",
    ),
    "student": ("Il profilo è cambiato: ", "The profile has changed: "),
}
"""Why a stored ranking would be another one today."""

FIELDS = {
    "municipality": ("comune", "municipality"),
    "max_km": ("distanza massima", "travel limit"),
    "skills": ("competenze", "skills"),
    "interests": ("interessi", "interests"),
    "availabilities": ("disponibilità", "free days"),
    "school_kind": ("tipo di scuola", "kind of school"),
    "sector": ("settore", "sector"),
    "programmes": ("indirizzo", "programme"),
    "year": ("anno di corso", "year"),
    "born_on": ("data di nascita", "date of birth"),
    "hours_owed": ("ore mancanti", "hours owed"),
}
"""What of a student can differ."""

FATES = {
    "kept": ("Resta alla posizione {now}.", "Stays at position {now}."),
    "moved": ("Dalla posizione {before} alla {now}.", "From position {before} to {now}."),
    "new": (
        "Nuova, alla posizione {now}: è stata pubblicata dopo.",
        "New, at position {now}: it was published later.",
    ),
    "entered": (
        "Alla posizione {now}: allora non era nella lista.",
        "At position {now}: it was not in the list then.",
    ),
    "outranked": (
        "Era alla posizione {before}: oggi altre vengono prima.",
        "Was at position {before}: others come first today.",
    ),
    "hidden": (
        "Era alla posizione {before}: oggi una regola la nasconde.",
        "Was at position {before}: a rule hides it today.",
    ),
    "gone": (
        "Era alla posizione {before}: non è più pubblicata.",
        "Was at position {before}: no longer published.",
    ),
}
"""What has become of a line of a stored ranking."""
