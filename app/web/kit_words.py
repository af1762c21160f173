"""The words of pages about kits."""

from __future__ import annotations

from app.web.language import mark as _

FIELDS = {
    "title": _("Titolo"),
    "summary": _("Che cosa avete fatto"),
    "result": _("Che cosa ne è venuto"),
    "materials": _("Che cosa serve"),
    "first_year": _("Dall'anno"),
    "last_year": _("All'anno"),
    "hours": _("Ore di uno studente"),
    "students": _("Quanti studenti"),
    "programme_id": _("Indirizzo"),
    "company_id": _("Azienda"),
    "school_id": _("Scuola"),
    "kind": _("Che cos'è"),
    "steps": _("Passi"),
    "skills": _("Competenze"),
    "minutes": _("Minuti"),
}
ADVICE = {
    "title": _("Da 3 a 160 lettere."),
    "last_year": _("Un anno da 1 a 6, non prima del primo."),
    "first_year": _("Un anno da 1 a 6."),
    "hours": _("Un numero da 0 a 5000; 0 se non lo sapete."),
    "students": _("Un numero da 1 a 1000."),
    "programme_id": _("Scegliete un indirizzo dell'elenco."),
    "company_id": _("Scegliete un'azienda approvata di questo territorio."),
    "school_id": _("Scegliete una scuola dell'elenco."),
    "steps": _("Ogni passo ha un titolo e due numeri di minuti, anche 0."),
    "skills": _("Scrivete il nome di una competenza dell'elenco, ciascuna una volta."),
    "minutes": _("Un numero di minuti, almeno 1."),
}
ADVICE_ELSE = _("Guardate questo campo.")
TROUBLES = {
    "changed": _("Intanto qualcuno ha cambiato il kit: guardate com'è adesso."),
    "copied": _("Questa azienda ha già una bozza di questo kit."),
    "unfit": _("A questa azienda non si può proporre: deve essere approvata e di questo territorio."),
    "retired": _("Il kit è messo da parte: non si copia più."),
    "not_over": _("I minuti si scrivono quando la proposta è chiusa."),
    "minutes": _("Scrivete un numero di minuti, almeno 1."),
}
DONE = {
    "created": _("Il kit c'è. Il nome di chi l'ha fatto si vede solo dopo il suo sì."),
    "saved": _("È salvato."),
    "proposed": _("La bozza è nelle mani dell'azienda, che è avvisata."),
    "measured": _("Grazie: i minuti sono scritti."),
}
