"""The words of the explanations: plain Italian (the student is *tu*) and English, for two readers.

Nothing said here depends on the gender of the student or on the number of a skill's name. Places are
municipalities, so distances are "about"; a candidate has no name. Where something can be done about a gap,
the sentence closes with it.
"""

from __future__ import annotations

from typing import Final

UNITS: Final = {
    "it": {
        "hours": ("ora", "ore"),
        "owed": ("ora", "ore"),
        "free_days": ("giorno", "giorni"),
        "days": ("giorno", "giorni"),
        "minutes": ("minuto", "minuti"),
        "max_minutes": ("minuto", "minuti"),
    },
    "en": {
        "hours": ("hour", "hours"),
        "owed": ("hour", "hours"),
        "free_days": ("day", "days"),
        "days": ("day", "days"),
        "minutes": ("minute", "minutes"),
        "max_minutes": ("minute", "minutes"),
    },
}

EVIDENCE: Final = {
    "it": {
        "student": {
            "declared": "indicato da te",
            "curriculum": "previsto dal tuo corso di studi",
            "validated": "confermato dal tuo insegnante",
            "certified": "con certificazione",
        },
        "company": {
            "declared": "indicato nel profilo",
            "curriculum": "previsto dal corso di studi",
            "validated": "confermato dall'insegnante",
            "certified": "con certificazione",
        },
    },
    "en": {
        "student": {
            "declared": "as you told us",
            "curriculum": "from your course of study",
            "validated": "confirmed by your teacher",
            "certified": "certified",
        },
        "company": {
            "declared": "as the student says",
            "curriculum": "from the course of study",
            "validated": "confirmed by the teacher",
            "certified": "certified",
        },
    },
}

PHRASES: Final = {
    "it": {
        "student": {
            "skill_held": "{skill}: hai il livello {level}, {evidence}.",
            "skill_close": "Per {skill} puoi contare su {held}, livello {level}, {evidence}.",
            "teaches": "Qui impari {skill}, fino al livello {level}.",
            "interest": "{skill}: è tra i tuoi interessi.",
            "interest_close": "{skill}: si collega al tuo interesse {interest}.",
            "travel_here": "È nel tuo comune o a meno di 1 km.",
            "travel_near": "È a circa {km} km dal tuo comune.",
            "travel_minutes": "Ci arrivi in circa {minutes}.",
            "online": "È online: non devi spostarti.",
            "calendar_free": "Hai liberi tutti i giorni previsti.",
            "programme_named": "Cerca proprio chi studia il tuo indirizzo.",
            "sector_named": "È pensato per il tuo settore di studi.",
            "hours": "Copre {hours} delle {owed} che ti mancano.",
            "skill_missing": "Ti manca: {skill}, livello {level}. Un percorso formativo ti può aiutare.",
            "skill_low": "{skill}: serve il livello {level}, hai il {held_level}. Un percorso formativo ti può aiutare.",
            "travel_far": "È a circa {km} km, vicino al tuo limite di {max_km}: controlla i mezzi di trasporto.",
            "travel_long": "Il viaggio dura circa {minutes}, vicino al tuo limite di {max_minutes}: controlla gli orari.",
            "calendar_partial": "Hai liberi {free_days} su {days}: chiedi se si può adattare il periodo.",
            "calendar_unknown": "Non sappiamo quando hai tempo: scrivilo nel tuo profilo.",
        },
        "company": {
            "skill_held": "{skill}: livello {level}, {evidence}.",
            "skill_close": "Per {skill} porta {held}, livello {level}, {evidence}.",
            "teaches": "Da voi può imparare {skill}, fino al livello {level}.",
            "interest": "{skill}: è tra i suoi interessi.",
            "interest_close": "{skill}: si collega al suo interesse {interest}.",
            "travel_here": "Il suo comune è il vostro o a meno di 1 km.",
            "travel_near": "Il suo comune è a circa {km} km da voi.",
            "travel_minutes": "Arriva da voi in circa {minutes}.",
            "online": "È online: non ci sono spostamenti.",
            "calendar_free": "È disponibile in tutti i giorni previsti.",
            "programme_named": "Studia uno degli indirizzi che cercate.",
            "sector_named": "Viene dal settore di studi che cercate.",
            "hours": "Da voi può fare {hours} delle {owed} che deve ancora fare.",
            "skill_missing": "Manca: {skill}, livello {level}. Si può imparare prima o da voi.",
            "skill_low": "{skill}: chiedete il livello {level}, ha il {held_level}. Può crescere da voi.",
            "travel_far": "Il suo comune è a circa {km} km, vicino al suo limite di {max_km}.",
            "travel_long": "Il viaggio dura circa {minutes}, vicino al suo limite di {max_minutes}.",
            "calendar_partial": "È disponibile per {free_days} su {days}: valutate se adattare il periodo.",
            "calendar_unknown": "Non ha ancora indicato quando è disponibile: chiedete alla scuola.",
        },
    },
    "en": {
        "student": {
            "skill_held": "{skill}: you have level {level}, {evidence}.",
            "skill_close": "For {skill} you can build on {held}, level {level}, {evidence}.",
            "teaches": "You learn {skill} here, up to level {level}.",
            "interest": "{skill}: one of your interests.",
            "interest_close": "{skill}: linked to your interest {interest}.",
            "travel_here": "It is in your municipality or less than 1 km away.",
            "travel_near": "About {km} km from your municipality.",
            "travel_minutes": "About {minutes} from your door.",
            "online": "It is online: no travel.",
            "calendar_free": "You are free on all of its days.",
            "programme_named": "It looks for students of your programme.",
            "sector_named": "It is meant for your field of study.",
            "hours": "It covers {hours} of the {owed} you still owe.",
            "skill_missing": "Missing: {skill}, level {level}. A training path can help.",
            "skill_low": "{skill}: level {level} is needed, you have {held_level}. A training path can help.",
            "travel_far": "About {km} km away, close to your limit of {max_km}: check how to get there.",
            "travel_long": "The journey takes about {minutes}, close to your limit of {max_minutes}: check the timetable.",
            "calendar_partial": "You are free for {free_days} out of {days}: ask whether the period can move.",
            "calendar_unknown": "We do not know when you are free: add it to your profile.",
        },
        "company": {
            "skill_held": "{skill}: level {level}, {evidence}.",
            "skill_close": "For {skill}, brings {held}, level {level}, {evidence}.",
            "teaches": "Can learn {skill} with you, up to level {level}.",
            "interest": "{skill}: one of the candidate's interests.",
            "interest_close": "{skill}: linked to the candidate's interest {interest}.",
            "travel_here": "From your municipality or less than 1 km away.",
            "travel_near": "From a municipality about {km} km away.",
            "travel_minutes": "The journey takes about {minutes}.",
            "online": "It is online: no travel.",
            "calendar_free": "Free on all of its days.",
            "programme_named": "Studies one of the programmes you look for.",
            "sector_named": "Comes from the field of study you look for.",
            "hours": "Can do {hours} of the {owed} still owed with you.",
            "skill_missing": "Missing: {skill}, level {level}. It can be learnt before or with you.",
            "skill_low": "{skill}: you ask for level {level}, the candidate has {held_level} and can grow.",
            "travel_far": "From about {km} km away, close to the candidate's limit of {max_km}.",
            "travel_long": "The journey takes about {minutes}, close to the candidate's limit of {max_minutes}.",
            "calendar_partial": "Free for {free_days} out of {days}: consider moving the period.",
            "calendar_unknown": "Has not said yet when they are free: ask the school.",
        },
    },
}
