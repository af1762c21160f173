"""What each yearly indicator counts, in plain words: the definition stands beside every figure."""

from __future__ import annotations

from typing import NamedTuple


class Definition(NamedTuple):
    """An indicator: its name and what it counts, in both languages, and whether it is a count of students."""

    code: str
    it: str
    en: str
    meaning_it: str
    meaning_en: str
    unit: str = "number"
    is_of_students: bool = False


DEFINITIONS = (
    Definition(
        "companies_approved", "Aziende approvate", "Companies approved",
        "Aziende con una sede nel territorio che sono state approvate nell'anno scolastico.",
        "Companies with a site in the territory that were approved in the school year.",
    ),
    Definition(
        "answered_in_time", "Risposte date in tempo", "Answers given in time",
        "Parte delle approvazioni dell'anno che sono arrivate entro il giorno promesso.",
        "Share of the year's approvals that came by the day that had been promised.", "share",
    ),
    Definition(
        "companies_offering", "Aziende che hanno pubblicato", "Companies that published",
        "Aziende con almeno una proposta pubblicata nell'anno, nel territorio.",
        "Companies with at least one opportunity in the territory that was published in the year.",
    ),
    Definition(
        "small_companies_offering", "Di queste, micro e piccole", "Of these, micro and small ones",
        "Parte delle aziende che hanno pubblicato con meno di 50 addetti; chi non dice quanti sono non conta.",
        "Share of the companies that published with a staff below 50; those that do not say it do not count.",
        "share",
    ),
    Definition(
        "internships", "Tirocini pubblicati", "Internships published",
        "Tirocini del territorio pubblicati per la prima volta nell'anno, anche se poi chiusi.",
        "Internships in the territory that were first published in the year, also if closed since.",
    ),
    Definition(
        "internship_seats", "Posti di tirocinio", "Internship seats",
        "Posti in questi tirocini, liberi e occupati.", "Seats in these internships, free and taken.",
    ),
    Definition(
        "visits", "Visite pubblicate", "Visits published",
        "Visite del territorio pubblicate per la prima volta nell'anno.",
        "Visits in the territory that were first published in the year.",
    ),
    Definition(
        "visit_seats", "Posti nelle visite", "Visit seats", "Posti in queste visite, liberi e occupati.",
        "Seats in these visits, free and taken.",
    ),
    Definition(
        "trainings", "Percorsi formativi pubblicati", "Training paths published",
        "Percorsi formativi del territorio, o online, pubblicati per la prima volta nell'anno.",
        "Training paths in the territory, or online, that were first published in the year.",
    ),
    Definition(
        "training_seats", "Posti nei percorsi", "Training seats", "Posti in questi percorsi, liberi e occupati.",
        "Seats in these training paths, free and taken.",
    ),
    Definition(
        "municipalities", "Comuni con una proposta", "Municipalities with an opportunity",
        "Comuni del territorio in cui è stata pubblicata almeno una proposta nell'anno.",
        "Municipalities of the territory in which at least one opportunity was published in the year.",
    ),
    Definition(
        "students", "Studenti delle classi dell'anno", "Students in the year's classes",
        "Studenti non archiviati delle classi di quell'anno, nelle scuole del territorio; in multipli di cinque.",
        "Students, not archived, in classes of that year in the territory's schools; in steps of five.",
        is_of_students=True,
    ),
    Definition(
        "students_asked_for", "Studenti chiesti da un'azienda", "Students whom a company asked for",
        "Di questi, studenti di cui almeno un'azienda ha chiesto il nome nell'anno; in multipli di cinque.",
        "Of these, students for whose name at least one company asked in the year; in steps of five.",
        is_of_students=True,
    ),
    Definition(
        "students_told", "Studenti che hanno detto di sì", "Students who said yes",
        "Di questi ultimi, studenti per cui studente e scuola hanno accettato; in multipli di cinque.",
        "Of the latter, students for whom student and school accepted; in steps of five.",
        is_of_students=True,
    ),
)  # fmt: skip
