"""What the pages of placements and of rules call states, sides, reasons and measures."""

from __future__ import annotations

from app.web.language import mark as _

STATES = {
    "planned": _("Da preparare"),
    "ready": _("Pronto a iniziare"),
    "running": _("In corso"),
    "closing": _("Da chiudere"),
    "completed": _("Concluso"),
    "interrupted": _("Interrotto"),
    "cancelled": _("Annullato"),
}
NEXT = {
    "planned": _("Se non è pronto entro il primo giorno, si annulla da solo."),
    "ready": _("Inizia da solo il primo giorno."),
    "running": _("Dopo l'ultimo giorno si passa alle ore e alle valutazioni."),
    "closing": _("Poi si conclude da solo, con quello che c'è."),
}
"""What the clock does by itself."""
PARTIES = {
    "student": _("lo studente"),
    "company": _("l'azienda"),
    "school": _("la scuola"),
    "service": _("il servizio"),
}
REASONS = {
    "student_changed": _("lo studente ha cambiato programma"),
    "company_changed": _("l'azienda non può più"),
    "school_changed": _("la scuola ha cambiato programma"),
    "left_school": _("lo studente ha lasciato la scuola"),
    "not_ready": _("non era pronto il primo giorno"),
    "unsafe": _("non era sicuro"),
    "too_little_attended": _("troppe assenze"),
    "moved": _("spostato altrove"),
}
TUTORS = {"school": _("Tutor scolastico"), "host": _("Tutor aziendale")}
SIDES = {"school": _("la scuola"), "host": _("l'azienda")}
RISKS = {"low": _("basso"), "medium": _("medio"), "high": _("alto")}
SEVERITIES = {
    "forbids": _("Impedisce l'inizio"),
    "warns": _("Da guardare"),
    "informs": _("Da sapere"),
}
STEPS = {
    "cancel": _("Annulla l'inserimento"),
    "interrupt": _("Interrompi l'inserimento"),
    "restore": _("Rimetti in programma"),
}
DONE = {
    "cancel": _("L'inserimento è annullato. Gli altri ricevono un avviso."),
    "interrupt": _("L'inserimento è interrotto. Gli altri ricevono un avviso."),
    "restore": _("L'inserimento è di nuovo in programma."),
    "terms": _("Le modifiche sono salvate."),
    "declared": _("La dichiarazione è salvata."),
    "rule": _("La nuova versione è salvata. Le precedenti restano come sono."),
    "capacity": _("Il numero di studenti è salvato."),
    "leave": _("L'assenza è segnata."),
    "substitution": _("Il cambio di tutor è salvato."),
    "noted": _("L'inserimento è finito prima. La nota è tra i documenti, gli altri ricevono un avviso."),
    "training": _("La formazione è segnata."),
}
TROUBLES = {
    "full": _("Non c'è più un posto libero."),
    "placed-elsewhere": _("In quei giorni lo studente è già da un'altra parte."),
    "placed-already": _("Lo studente ha già un inserimento qui."),
    "begun-already": _("Il primo giorno è passato: serve un inserimento nuovo."),
    "prepared-already": _("Una modifica è già in preparazione: guarda tra i documenti."),
    "wrong-state": _("Intanto l'inserimento è cambiato: guarda a che punto è."),
}
TROUBLE_ELSE = _("Così non si può. Ricarica la pagina e guarda a che punto è.")
FIELDS = {
    "outcome": _("Che cosa è venuto dopo"),
    "agreed_on": _("Il giorno in cui ha detto di sì"),
    "starts_on": _("Primo giorno"),
    "ends_on": _("Ultimo giorno"),
    "weekdays": _("Giorni della settimana"),
    "starts_at": _("Dalle ore"),
    "ends_at": _("Alle ore"),
    "daily_hours": _("Ore al giorno"),
    "planned_hours": _("Ore in tutto"),
    "risk": _("Rischio"),
    "school_tutor_id": _("Tutor scolastico"),
    "host_tutor_id": _("Tutor aziendale"),
    "activity_ids": _("Che cosa fa lo studente"),
    "reason": _("Motivo"),
    "assessed_on": _("Giorno della valutazione dei rischi (DVR)"),
    "register_number": _("Numero nel registro nazionale (RASL)"),
    "registered_on": _("Giorno dell'iscrizione"),
    "activities": _("Attività"),
    "user_id": _("Tutor"),
    "most_students": _("Studenti al massimo"),
    "before_id": _("Chi lascia"),
    "after_id": _("Chi prende il suo posto"),
    "from_on": _("Dal giorno"),
    "ended_on": _("Ultimo giorno fatto"),
    "party": _("Chi lo ha chiesto"),
    "language": _("Lingua della nota"),
    "side": _("Di chi è il tutor"),
    "severity": _("Che cosa fa la regola"),
    "source": _("Legge"),
    "link": _("Indirizzo della legge"),
    "parameters": _("Soglie"),
    "message_it": _("Messaggio in italiano"),
    "message_en": _("Messaggio in inglese"),
    "hours": _("Ore"),
    "held_on": _("Giorno"),
    "held_by": _("Chi l'ha tenuta"),
    "student_ids": _("Studenti"),
}
ADVICE = {
    "agreed_on": _("scegli un giorno dall'inizio del tirocinio a oggi."),
    "starts_on": _("scegli un giorno che deve ancora venire."),
    "ends_on": _("scegli un giorno che non viene prima del primo."),
    "weekdays": _("scegli almeno un giorno che cade in quelle date."),
    "ends_at": _("scrivi tutte e due le ore, la seconda dopo la prima."),
    "planned_hours": _("sono più di quante stanno in quei giorni."),
    "school_tutor_id": _("scegli una persona della scuola."),
    "host_tutor_id": _("scegli una persona dell'azienda."),
    "reason": _("scegli un motivo dall'elenco."),
    "risk": _("giorno e rischio vanno insieme."),
    "registered_on": _("numero e giorno vanno insieme, e il giorno non è nel futuro."),
    "assessed_on": _("il giorno non può essere nel futuro."),
    "activities": _("la stessa attività c'è due volte."),
    "before_id": _("in quei giorni non segue nessuno studente che puoi cambiare."),
    "from_on": _("scegli un giorno che non viene dopo la fine."),
    "ended_on": _("scegli un giorno dell'inserimento che c'è già stato."),
    "party": _("scegli chi lo ha chiesto."),
    "after_id": _("scegli una persona della stessa scuola o azienda."),
    "held_on": _("il giorno non può essere nel futuro."),
    "student_ids": _("scegli almeno uno studente della classe."),
    "message_it": _("tra parentesi graffe vanno solo i valori di questa regola."),
    "message_en": _("tra parentesi graffe vanno solo i valori di questa regola."),
}
ADVICE_ELSE = _("ricontrolla questo campo.")
MEASURES = {
    "minimum_hours": _("ore minime nel triennio"),
    "attended_share": _("quota di ore frequentate"),
    "daily_hours": _("ore al giorno secondo l'età"),
    "weekly_hours": _("ore alla settimana secondo l'età"),
    "night": _("ore di notte secondo l'età"),
    "minimum_age": _("età minima"),
    "host_tutor_load": _("studenti per tutor aziendale"),
    "school_tutor_load": _("studenti per tutor scolastico"),
    "tutor_named": _("tutor indicato"),
    "tutor_present": _("tutor presente"),
    "risk_assessment": _("valutazione dei rischi dichiarata"),
    "banned_activity": _("attività ad alto rischio"),
    "general_training": _("formazione generale sulla sicurezza"),
    "specific_training": _("formazione specifica sulla sicurezza"),
    "insurance": _("assicurazione"),
    "agreement": _("convenzione"),
    "register": _("registro nazionale"),
}
PARAMETERS = {
    "hours": _("ore"),
    "share": _("quota (1 è tutto)"),
    "from_age": _("da questa età"),
    "under_age": _("sotto questa età"),
    "begins_at": _("la notte comincia alle"),
    "ends_at": _("la notte finisce alle"),
    "age": _("età"),
    "low": _("rischio basso"),
    "medium": _("rischio medio"),
    "high": _("rischio alto"),
    "side": _("di chi"),
}
TRAININGS = {"general": _("Formazione generale"), "specific": _("Formazione specifica")}
