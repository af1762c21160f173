"""What the documents say, in both languages. The school's office reads it before the first one goes out."""

from __future__ import annotations

from collections.abc import Mapping

from app.agreements.models import PrivacyRole, SignerRole
from app.placements.models import EndReason, Party, Risk

Words = Mapping[str, str]

TITLES: Mapping[str, Words] = {
    "agreement": {"it": "Convenzione di formazione scuola-lavoro", "en": "School–work training agreement"},
    "plan": {"it": "Progetto formativo individuale", "en": "Individual training plan"},
    "amendment": {"it": "Modifica del progetto formativo", "en": "Amendment of the training plan"},
    "interruption": {"it": "Nota di conclusione anticipata", "en": "Note of an early end"},
}
ROLES: Mapping[SignerRole, Words] = {
    SignerRole.STUDENT: {"it": "Studente", "en": "Student"},
    SignerRole.GUARDIAN: {
        "it": "Chi ha la responsabilità genitoriale",
        "en": "Legal representative of the student",
    },
    SignerRole.SCHOOL_TUTOR: {"it": "Tutor scolastico", "en": "School tutor"},
    SignerRole.HOST_TUTOR: {"it": "Tutor del soggetto ospitante", "en": "Host tutor"},
    SignerRole.HOST: {
        "it": "Legale rappresentante del soggetto ospitante",
        "en": "Legal representative of the host",
    },
    SignerRole.HEAD: {"it": "Dirigente scolastico", "en": "Head teacher"},
}
PRIVACY: Mapping[PrivacyRole, Words] = {
    PrivacyRole.CONTROLLER: {
        "it": "Il soggetto ospitante tratta i dati degli studenti come titolare autonomo, solo per il tirocinio.",
        "en": "The host processes the students' data as a controller of its own, for the placement only.",
    },
    PrivacyRole.JOINT_CONTROLLER: {
        "it": "Scuola e soggetto ospitante sono contitolari del trattamento dei dati degli studenti.",
        "en": "School and host are joint controllers of the students' data.",
    },
    PrivacyRole.PROCESSOR: {
        "it": "Il soggetto ospitante tratta i dati degli studenti come responsabile, secondo le istruzioni della scuola.",
        "en": "The host processes the students' data as a processor, on the school's instructions.",
    },
}
RISKS: Mapping[Risk, Words] = {
    Risk.LOW: {"it": "basso", "en": "low"},
    Risk.MEDIUM: {"it": "medio", "en": "medium"},
    Risk.HIGH: {"it": "alto", "en": "high"},
}
LEVELS: Mapping[int, Words] = {
    1: {"it": "iniziale", "en": "initial"},
    2: {"it": "base", "en": "base"},
    3: {"it": "intermedio", "en": "intermediate"},
    4: {"it": "avanzato", "en": "advanced"},
}
WEEKDAYS: Mapping[str, tuple[str, ...]] = {
    "it": ("lunedì", "martedì", "mercoledì", "giovedì", "venerdì", "sabato", "domenica"),
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
}
PARTIES: Mapping[Party, Words] = {
    Party.STUDENT: {"it": "lo studente", "en": "the student"},
    Party.COMPANY: {"it": "il soggetto ospitante", "en": "the host"},
    Party.SCHOOL: {"it": "la scuola", "en": "the school"},
    Party.SERVICE: {"it": "il servizio", "en": "the service"},
}
END_REASONS: Mapping[EndReason, Words] = {
    EndReason.STUDENT_CHANGED: {
        "it": "lo studente ha cambiato programma",
        "en": "the student's plans have changed",
    },
    EndReason.COMPANY_CHANGED: {
        "it": "l'azienda ha cambiato programma",
        "en": "the host's plans have changed",
    },
    EndReason.SCHOOL_CHANGED: {
        "it": "la scuola ha cambiato programma",
        "en": "the school's plans have changed",
    },
    EndReason.LEFT_SCHOOL: {
        "it": "lo studente ha lasciato la scuola",
        "en": "the student has left the school",
    },
    EndReason.NOT_READY: {"it": "i documenti non erano pronti", "en": "the papers were not ready"},
    EndReason.UNSAFE: {"it": "le condizioni non erano sicure", "en": "the conditions were not safe"},
    EndReason.TOO_LITTLE_ATTENDED: {"it": "le presenze non bastano", "en": "too little was attended"},
    EndReason.MOVED: {"it": "lo studente continua altrove", "en": "the student continues elsewhere"},
}
TERMS: Mapping[str, Words] = {
    "starts_on": {"it": "Primo giorno", "en": "First day"},
    "ends_on": {"it": "Ultimo giorno", "en": "Last day"},
    "weekdays": {"it": "Giorni della settimana", "en": "Weekdays"},
    "starts_at": {"it": "Dalle ore", "en": "From"},
    "ends_at": {"it": "Alle ore", "en": "To"},
    "daily_hours": {"it": "Ore al giorno", "en": "Hours a day"},
    "planned_hours": {"it": "Ore in tutto", "en": "Hours in all"},
    "school_tutor_id": {"it": "Tutor scolastico", "en": "School tutor"},
    "host_tutor_id": {"it": "Tutor del soggetto ospitante", "en": "Host tutor"},
}
LABELS: Mapping[str, Words] = {
    "school": {"it": "Scuola", "en": "School"},
    "company": {"it": "Soggetto ospitante", "en": "Host"},
    "site": {"it": "Sede", "en": "Site"},
    "student": {"it": "Studente", "en": "Student"},
    "class": {"it": "Classe", "en": "Class"},
    "born_on": {"it": "Data di nascita", "en": "Date of birth"},
    "head": {"it": "Dirigente scolastico", "en": "Head teacher"},
    "host": {"it": "Legale rappresentante", "en": "Legal representative"},
    "tax_code": {"it": "Codice fiscale", "en": "Tax code"},
    "guardian": {"it": "Responsabile genitoriale", "en": "Legal representative of the student"},
    "period": {"it": "Periodo", "en": "Period"},
    "weekdays": {"it": "Giorni", "en": "Days"},
    "times": {"it": "Orario", "en": "Times"},
    "hours": {"it": "Ore previste", "en": "Planned hours"},
    "risk": {"it": "Rischio dell'attività", "en": "Risk of the work"},
    "insurance": {"it": "Responsabilità civile", "en": "Liability insurance"},
    "policy": {"it": "Polizza numero", "en": "Policy number"},
    "inail": {"it": "Posizione INAIL", "en": "Position at INAIL (accidents)"},
    "validity": {"it": "Validità", "en": "Valid"},
    "general": {
        "it": "Formazione generale sulla sicurezza, a cura della scuola",
        "en": "General safety training, by the school",
    },
    "specific": {
        "it": "Formazione specifica, con il soggetto ospitante",
        "en": "Specific safety training, with the host",
    },
    "version": {"it": "Versione", "en": "Version"},
    "ended_on": {"it": "Ultimo giorno svolto", "en": "Last day done"},
    "wanted_by": {"it": "Richiesta da", "en": "Asked for by"},
    "reason": {"it": "Motivo", "en": "Reason"},
    "closed_at_host": {
        "it": "{closing}: la scuola è chiusa {period}, e lo studente va dal soggetto ospitante come negli altri giorni.",
        "en": "{closing}: the school is closed {period}, and the student goes to the host as on other days.",
    },
    "closed_at_home": {
        "it": "{closing}: la scuola è chiusa {period}, e lo studente non va dal soggetto ospitante.",
        "en": "{closing}: the school is closed {period}, and the student does not go to the host.",
    },
    "from_to": {"it": "dal {first} al {last}", "en": "from {first} to {last}"},
    "some_hours": {"it": "{hours} ore", "en": "{hours} hours"},
    "day": {"it": "Giorno", "en": "Day"},
    "time": {"it": "Orario", "en": "Time"},
    "hours_of_day": {"it": "Ore", "en": "Hours"},
    "skill": {"it": "Competenza", "en": "Skill"},
    "level": {"it": "Livello da raggiungere", "en": "Level to come to"},
    "was": {"it": "Finora", "en": "Until now"},
    "becomes": {"it": "Da ora", "en": "From now on"},
    "what": {"it": "Che cosa", "en": "What"},
    "none": {"it": "non indicato", "en": "not given"},
    "signatures": {"it": "Firme", "en": "Signatures"},
    "signs_as": {"it": "In qualità di", "en": "As"},
    "name": {"it": "Nome", "en": "Name"},
    "date_and_signature": {"it": "Data e firma", "en": "Date and signature"},
}
HEADINGS: Mapping[str, Words] = {
    "parties": {"it": "Le parti", "en": "The parties"},
    "purpose": {"it": "Oggetto", "en": "Purpose"},
    "school_duties": {"it": "Impegni della scuola", "en": "Duties of the school"},
    "host_duties": {"it": "Impegni del soggetto ospitante", "en": "Duties of the host"},
    "insurance": {"it": "Assicurazioni", "en": "Insurance"},
    "privacy": {"it": "Protezione dei dati", "en": "Data protection"},
    "validity": {"it": "Durata e recesso", "en": "Validity and end"},
    "who": {"it": "Chi partecipa", "en": "Who takes part"},
    "when": {"it": "Quando", "en": "When"},
    "activities": {"it": "Attività", "en": "Activities"},
    "skills": {"it": "Competenze da acquisire", "en": "Skills to gain"},
    "safety": {"it": "Sicurezza", "en": "Safety"},
    "schedule": {"it": "Calendario giorno per giorno", "en": "Schedule day by day"},
    "changes": {"it": "Che cosa cambia", "en": "What changes"},
    "duties": {"it": "Impegni dello studente", "en": "Duties of the student"},
    "end": {"it": "Conclusione anticipata", "en": "Early end"},
}
PURPOSE: Words = {
    "it": "Il soggetto ospitante accoglie studenti della scuola per periodi di formazione scuola-lavoro. L'attività è parte"
    " del percorso di studi e non costituisce rapporto di lavoro. Per ogni studente scuola, soggetto ospitante e studente"
    " firmano un progetto formativo individuale, che fa parte di questa convenzione.",
    "en": "The host receives students of the school for periods of school–work training. It is part of their studies and no"
    " employment. For each student, school, host and student sign an individual training plan, which is part of this"
    " agreement.",
}
SCHOOL_DUTIES: Mapping[str, tuple[str, ...]] = {
    "it": (
        "designa per ogni studente un tutor scolastico;",
        "cura la formazione generale sulla sicurezza prima dell'inizio;",
        "assicura gli studenti contro gli infortuni e per la responsabilità civile;",
        "informa le famiglie e conserva i documenti.",
    ),
    "en": (
        "names a school tutor for each student;",
        "gives the general safety training before the beginning;",
        "insures the students against accidents and for liability;",
        "informs the families and keeps the papers.",
    ),
}
HOST_DUTIES: Mapping[str, tuple[str, ...]] = {
    "it": (
        "designa per ogni studente un tutor, competente e presente;",
        "rispetta il progetto formativo, gli orari e i limiti previsti per i minori;",
        "informa sui rischi, dà i dispositivi di protezione e la formazione specifica;",
        "non affida attività che il proprio documento di valutazione dei rischi esclude per gli studenti;",
        "conferma le ore svolte e segnala subito alla scuola ogni infortunio.",
    ),
    "en": (
        "names a competent tutor, who is there, for each student;",
        "keeps to the training plan, the hours and the limits for minors;",
        "informs about risks, gives protective equipment and the specific safety training;",
        "gives no work that its own risk assessment rules out for students;",
        "confirms the hours and tells the school of every accident at once.",
    ),
}
STUDENT_DUTIES: Mapping[str, tuple[str, ...]] = {
    "it": (
        "segue le indicazioni dei tutor e gli orari;",
        "rispetta le regole di sicurezza e di igiene;",
        "non parla fuori di ciò che in azienda è riservato;",
        "se qualcosa non va, lo dice subito a un tutor.",
    ),
    "en": (
        "follows the tutors and the times;",
        "keeps to the rules of safety and hygiene;",
        "does not tell outside what is confidential;",
        "tells a tutor at once when something is wrong.",
    ),
}
END_OF_AGREEMENT: Words = {
    "it": "Ciascuna parte può recedere con comunicazione scritta. I progetti in corso si concludono come previsto, salvo"
    " gravi motivi.",
    "en": "Each party may end it in writing. Plans that are running end as planned, unless there are grave reasons.",
}
STAYS: Words = {
    "it": "Tutto il resto del progetto formativo resta com'è.",
    "en": "All else in the training plan stays as it is.",
}
FOOTER: Words = {
    "it": "Chi firma nel servizio firma questo documento, riconosciuto dalla sua impronta SHA-256. Se cambia, si firma di nuovo.",
    "en": "Who signs in the service signs this document, known by its SHA-256 hash. If it changes, it is signed anew.",
}
