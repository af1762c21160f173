"""What the pages of a company call fields, faults and answers: the words of whoever stands beside the machine."""

from __future__ import annotations

from app.web.language import mark as _

FIELDS = {
    "text": _("Che cosa vi serve"),
    "kind": _("Che cosa offrite"),
    "title": _("Titolo"),
    "seats": _("Posti"),
    "hours": _("Ore in tutto"),
    "daily_hours": _("Ore al giorno"),
    "place": _("Dove"),
    "spans": _("Quando"),
    "starts_on": _("Primo giorno"),
    "ends_on": _("Ultimo giorno"),
    "weekdays": _("Giorni della settimana"),
    "starts_at": _("Dalle ore"),
    "ends_at": _("Alle ore"),
    "closes_on": _("Iscrizioni entro il"),
    "group_min": _("Gruppo: almeno"),
    "group_max": _("Gruppo: al massimo"),
    "min_age": _("Età minima"),
    "max_age": _("Età massima"),
    "conditions": _("Condizioni"),
    "required": _("Competenze"),
    "taught": _("Che cosa si impara"),
    "company_id": _("L'azienda"),
}
HINTS = {
    "text": _("Scrivete in due righe che cosa vi serve: al massimo 8000 caratteri."),
    "kind": _("Scegliete che cosa offrite."),
    "title": _("Scrivete un titolo di una riga, al massimo 160 caratteri."),
    "seats": _("Scrivete quanti posti ci sono: un numero intero, almeno 1."),
    "hours": _("Scrivete quante ore dura in tutto: un numero intero fino a 5000."),
    "daily_hours": _("Scrivete quante ore al giorno: da mezz'ora a 12 ore."),
    "place": _("Scegliete dove si svolge."),
    "spans": _("Scrivete almeno una data."),
    "starts_on": _("Scrivete una data che esiste, con giorno, mese e anno."),
    "ends_on": _("Scrivete una data che esiste, con giorno, mese e anno."),
    "weekdays": _("Scegliete almeno un giorno della settimana."),
    "starts_at": _("Scrivete un'ora, per esempio 09:00."),
    "ends_at": _("Scrivete un'ora, per esempio 12:30."),
    "closes_on": _("Scrivete una data che esiste, con giorno, mese e anno."),
    "group_min": _("Scrivete un numero intero da 1 a 1000."),
    "group_max": _("Scrivete un numero intero da 1 a 1000."),
    "min_age": _("Scrivete un'età tra 10 e 99 anni."),
    "max_age": _("Scrivete un'età tra 10 e 99 anni."),
    "conditions": _("Scrivete al massimo 2000 caratteri."),
    "required": _("Scegliete almeno una competenza."),
    "taught": _("Scegliete almeno una competenza che si impara."),
    "company_id": _("Aspettate l'approvazione: poi potete pubblicare. La bozza resta qui."),
}
"""What to do when a field is not valid, unless its fault has words of its own."""
FAULTS = {
    "lies before starts_on": _("Viene prima del primo giorno."),
    "lies before starts_at": _("Viene prima dell'ora di inizio."),
    "none of them occurs on these days": _("In queste date non cade nessuno dei giorni scelti."),
    "stands there twice": _("C'è due volte."),
    "lies in the past": _("È già passato: scegliete una data futura."),
    "is less than group_min": _("È meno del numero minimo."),
    "is less than min_age": _("È meno dell'età minima."),
    "say how many hours it has, in all or a day": _("Scrivete le ore in tutto, oppure le ore al giorno."),
    "only a visit has groups": _("I gruppi valgono solo per le visite."),
    "more seats are taken": _("Alcuni posti sono già presi: non potete scendere sotto quel numero."),
    "no such place": _("Non troviamo questo comune: controllate come è scritto."),
}
"""By the detail of the rule."""
STEPS = {
    "text": _("Il testo"),
    "skills": _("Le competenze"),
    "details": _("Date e posti"),
    "preview": _("Anteprima"),
}
ROLES = {
    "required": _("serve"),
    "wanted": _("è gradita"),
    "taught": _("si impara da noi"),
}
VERDICTS = {
    "yes": _("Sì, chiediamo il nome"),
    "maybe": _("Forse, decidiamo più avanti"),
    "no": _("No, non per questa proposta"),
}
VERDICTS_GIVEN = {"yes": _("Sì"), "maybe": _("Forse"), "no": _("No")}
REASONS = {
    "seats_given": _("i posti sono già assegnati"),
    "other_dates": _("ci servono altre date"),
    "other_skills": _("questa volta ci servono altre competenze"),
    "too_far": _("la sede è troppo lontana"),
    "plans_changed": _("i nostri programmi sono cambiati"),
}
SECTION = {
    "required": "skills", "wanted": "skills", "taught": "skills", "text": "text", "title": "details",
}  # fmt: skip
"""The page on which a field stands; all others are on that of the details."""


def page_of(field: str) -> str:
    """The step at which a field is mended."""
    return SECTION.get(field.partition(".")[0], "details")
