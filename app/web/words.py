"""What pages call the values of enumerations; each marked text is translated where it is shown."""

from __future__ import annotations

from dataclasses import dataclass

from app.web.language import mark as _

KINDS = {
    "internship": _("Tirocinio"),
    "visit": _("Visita"),
    "training": _("Percorso formativo"),
}
KINDS_MANY = {
    "internship": _("Tirocini"),
    "visit": _("Visite"),
    "training": _("Percorsi formativi"),
}
KIND_ICONS = {"internship": "it-tool", "visit": "it-map-marker-circle", "training": "it-presentation"}
PURPOSES = {
    "internship": _("È un tirocinio della scuola, non un lavoro."),
    "visit": _("È una visita: guardi, fai domande, ti fai un'idea."),
    "training": _("È un percorso per imparare, non un lavoro."),
}

LEVELS = {1: _("Iniziale"), 2: _("Base"), 3: _("Intermedio"), 4: _("Avanzato")}
EVIDENCE = {
    "declared": _("dichiarata"),
    "curriculum": _("prevista dal corso di studi"),
    "validated": _("confermata da un insegnante"),
    "certified": _("certificata"),
}
TRAVEL_MODES = {
    "walk": _("a piedi"),
    "bicycle": _("in bicicletta"),
    "transit": _("con i mezzi pubblici"),
    "car": _("in auto"),
}

PARTS = {
    "skills": _("Competenze richieste che hai"),
    "challenge": _("Livello adatto a te"),
    "learning": _("Cose nuove che impari"),
    "interest": _("I tuoi interessi"),
    "travel": _("Distanza"),
    "calendar": _("I giorni che hai liberi"),
    "programme": _("Il tuo indirizzo di studi"),
    "hours": _("Le ore che ti mancano"),
    "freshness": _("Pubblicata da poco"),
    "answers": _("Se l'azienda risponde in tempo (non lo sappiamo ancora)"),
    "chance": _("Probabilità che vada bene a entrambi"),
}
PARTS_OF_CANDIDATE = {
    "skills": _("Competenze che chiedete"),
    "challenge": _("Livello adatto"),
    "learning": _("Cose nuove che può imparare"),
    "interest": _("I suoi interessi"),
    "travel": _("Distanza"),
    "calendar": _("I giorni in cui può venire"),
    "programme": _("L'indirizzo di studi"),
    "hours": _("Le ore che deve ancora fare"),
    "freshness": _("Pubblicata da poco"),
    "answers": _("Se rispondete in tempo (non lo sappiamo ancora)"),
    "chance": _("Probabilità che vada bene a entrambi"),
}

STATUSES = {
    "draft": _("Bozza"),
    "published": _("Pubblicata"),
    "full": _("Posti esauriti"),
    "closed": _("Chiusa"),
    "archived": _("Archiviata"),
}
STATUSES_MANY = {
    "draft": _("Bozze"),
    "published": _("Pubblicate"),
    "full": _("Con i posti esauriti"),
    "closed": _("Chiuse"),
    "archived": _("Archiviate"),
}
SKILL_ROLES = {
    "required": _("Competenze necessarie"),
    "wanted": _("Competenze gradite"),
    "taught": _("Che cosa si impara"),
}
COMPANY_KINDS = {
    "firm": _("Azienda"),
    "lab": _("Laboratorio"),
    "training_body": _("Ente di formazione"),
    "public_body": _("Ente pubblico"),
    "association": _("Associazione"),
}
SIZES = {
    "micro": _("meno di 10 persone"),
    "small": _("da 10 a 49 persone"),
    "medium": _("da 50 a 249 persone"),
    "large": _("250 persone o più"),
}

ROLES = {
    "student": _("Studente"),
    "teacher": _("Insegnante"),
    "school_lead": _("Responsabile della scuola"),
    "company_member": _("Persona dell'azienda"),
    "company_admin": _("Responsabile dell'azienda"),
    "training_body": _("Ente di formazione"),
    "coordinator": _("Coordinamento del territorio"),
    "administrator": _("Gestione del servizio"),
}
SCOPES = {
    "classes:read": _("Leggere le classi"),
    "classes:write": _("Cambiare le classi"),
    "companies:read": _("Leggere le aziende"),
    "companies:write": _("Cambiare le aziende"),
    "disclosures:read": _("Leggere le richieste di nomi"),
    "disclosures:write": _("Chiedere nomi, o rispondere a chi li chiede"),
    "events:read": _("Leggere che cosa è successo nel servizio"),
    "jobs:read": _("Leggere a che punto sono i lavori lunghi che ha avviato"),
    "jobs:write": _("Avviare e fermare lavori lunghi"),
    "keys:read": _("Leggere i dati di questa chiave"),
    "keys:write": _("Rinnovare e chiudere questa chiave"),
    "matches:read": _("Leggere gli abbinamenti"),
    "matches:write": _("Conservare gli abbinamenti"),
    "members:read": _("Leggere chi lavora nella scuola"),
    "members:write": _("Cambiare chi lavora nella scuola"),
    "network:read": _("Leggere i conti del territorio"),
    "network:write": _("Scrivere appunti sulle aziende del territorio"),
    "opportunities:read": _("Leggere le proposte"),
    "opportunities:write": _("Cambiare le proposte"),
    "placements:read": _("Leggere candidature e inserimenti, con documenti e ore"),
    "placements:write": _("Cambiare candidature e inserimenti, con documenti e ore"),
    "schools:read": _("Leggere la scuola, le classi e chi ci lavora"),
    "schools:write": _("Cambiare la scuola, le classi e chi ci lavora"),
    "students:read": _("Leggere gli studenti"),
    "students:write": _("Cambiare gli studenti"),
}
"""What a program is allowed to do, for whoever gives it a key."""
DISCLOSURE_STATES = {
    "waiting": _("In attesa di risposta"),
    "accepted": _("Sì dello studente e della scuola"),
    "refused": _("Risposta: no"),
    "withdrawn": _("Ritirata"),
    "expired": _("Scaduta senza risposta"),
}
SECTORS = {
    "technological": _("Istituti tecnici, settore tecnologico"),
    "economic": _("Istituti tecnici, settore economico"),
    "industry": _("Industria e artigianato"),
    "services": _("Servizi"),
    "agriculture": _("Agricoltura"),
    "its": _("ITS Academy"),
    "liceo": _("Licei"),
}
SCHOOL_KINDS = {
    "technical": _("Istituti tecnici"),
    "vocational": _("Istituti professionali"),
    "liceo": _("Licei"),
    "iefp": _("Istruzione e formazione professionale"),
    "its": _("ITS Academy"),
    "other": _("Altre scuole"),
}

ADVICE = {
    "travel": _("prova una distanza più lunga, o chiedi al tuo insegnante come arrivarci con i mezzi."),
    "calendar": _("controlla nel profilo i tuoi giorni liberi: forse ne manca qualcuno."),
    "year": _("sono per altri anni di corso: guarda gli altri tipi di proposta, e torna il prossimo anno."),
    "programme": _(
        "sono per altri indirizzi: guarda gli altri tipi di proposta, o parlane con il tuo insegnante."
    ),
    "no_seats": _("i posti sono finiti: torna tra qualche giorno, a volte se ne libera uno."),
}
HIDDEN_FROM_YOU = {
    "travel": _("È più lontano di quanto hai scelto tu."),
    "calendar": _("Non sei libero in quelle date."),
    "age_low": _("In quelle date sei troppo giovane."),
    "age_high": _("In quelle date hai più anni del massimo."),
}
"""Rules that speak of the student, said to the student."""
CHANGES_IN_PROFILE = {
    "travel": ("travel", _("Cambia fin dove vai")),
    "calendar": ("times", _("Cambia i giorni in cui sei libero")),
}
"""Where in the profile a student can do something about a rule, and how the link reads."""
ADVICE_ELSE = _("guarda gli altri tipi di proposta, o parlane con il tuo insegnante.")


ACCESS = {
    "none": _("Senza codice"),
    "code": _("Codice consegnato"),
    "signed_in": _("È entrato"),
}
QUESTIONS = {"interests": _("che cosa gli piace"), "free_days": _("quando è libero")}
NEEDS = {
    "answer_request": _("Rispondi all'azienda che chiede il nome."),
    "no_match": _("Non c'è niente di adatto."),
    "validate_skills": _("Conferma le competenze."),
    "hand_out_code": _("Consegna il codice."),
}
NO_INTERNSHIP = _("Nessun tirocinio adatto.")
ADVICE_TO_TEACHER = {
    "travel": _("Parlate del viaggio: con qualche chilometro in più, o con i mezzi, la scelta si apre."),
    "calendar": _("Controllate insieme i giorni liberi: forse manca il periodo della scuola."),
    "year": _("Sono per altri anni: guardate visite e percorsi, o parlane con le aziende."),
    "programme": _("Sono per altri indirizzi: parlane con le aziende che conoscono la scuola."),
    "no_seats": _("I posti sono finiti: chiedi alle aziende se ne aggiungono."),
    "age_low": _("In quelle date è troppo giovane: cercate date più avanti."),
}
ADVICE_TO_TEACHER_ELSE = _("Parlane con chi coordina il territorio: manca un'offerta per questa persona.")
LIST_FIELDS = {
    "family_name": _("Cognome"),
    "given_name": _("Nome"),
    "born_on": _("Data di nascita"),
    "municipality": _("Comune dove abita"),
    "hours_owed": _("Ore da fare"),
    "external_id": _("Codice del registro"),
}
ROW_STATES = {
    "created": _("nuovo"),
    "changed": _("cambia"),
    "unchanged": _("c'è già"),
    "rejected": _("da correggere"),
}


def fit(share: float) -> str:
    """How well a part fits, in a word: a percentage would promise a precision that is not there."""
    if share >= 0.85:
        return _("in pieno")
    if share >= 0.6:
        return _("bene")
    if share >= 0.3:
        return _("in parte")
    return _("poco")


@dataclass(frozen=True)
class Trouble:
    """What a page says of a problem: what happened, and what to do now."""

    title: str
    advice: str


TROUBLES = {
    400: Trouble(_("La richiesta non si legge"), _("Torna indietro e riprova. Se hai scritto l'indirizzo a mano, ricontrollalo.")),
    401: Trouble(_("Prima accedi"), _("Per vedere questa pagina serve il tuo accesso.")),
    403: Trouble(_("Non puoi fare questa operazione"), _("Il tuo profilo non ha il permesso. Se pensi che sia un errore, parlane con la tua scuola o con chi gestisce il servizio.")),
    404: Trouble(_("Questa pagina non c'è"), _("Forse l'indirizzo è sbagliato o vecchio. Oppure la pagina c'è, ma riguarda altre persone: in quel caso non la mostriamo.")),
    405: Trouble(_("Questa operazione non esiste"), _("Torna indietro e usa i pulsanti della pagina.")),
    409: Trouble(_("Adesso non si può"), _("Nel frattempo qualcosa è cambiato. Torna alla pagina, guarda com'è ora e riprova.")),
    412: Trouble(_("Qualcuno l'ha già cambiato"), _("Torna alla pagina: vedrai la versione aggiornata.")),
    413: Trouble(_("Quello che hai inviato è troppo grande"), _("Prova con un file o un testo più piccolo.")),
    415: Trouble(_("Il formato non va bene"), _("Torna indietro e invia di nuovo il modulo dalla pagina.")),
    422: Trouble(_("Qualche dato non va bene"), _("Torna indietro, controlla quello che hai scritto e riprova.")),
    428: Trouble(_("Non si sa quale versione cambiare"), _("Torna alla pagina, ricaricala e riprova.")),
    429: Trouble(_("Troppe richieste"), _("Aspetta un minuto e riprova.")),
    500: Trouble(_("Qualcosa si è rotto da noi"), _("Non è colpa tua. Riprova tra poco. Se succede ancora, scrivici il codice qui sotto.")),
    503: Trouble(_("Il servizio è molto occupato"), _("Va tutto bene con la tua richiesta: riprova tra qualche secondo.")),
}  # fmt: skip

OLD_FORM = Trouble(
    _("Il modulo è scaduto"),
    _("La pagina è rimasta aperta a lungo, o nel frattempo sei entrato o uscito. Torna alla pagina, ricaricala e invia di nuovo."),
)  # fmt: skip


def trouble(status: int) -> Trouble:
    """The words for a problem; any that is not listed is told as its class of problems is."""
    return TROUBLES.get(status) or TROUBLES[500 if status >= 500 else 400]


LOOKS = {
    "profile": _("il profilo"),
    "ranking": _("l'ordine delle proposte"),
    "stored_ranking": _("un ordine conservato"),
    "candidate": _("un codice tra i candidati"),
    "name": _("il nome, dopo i due sì"),
    "export": _("una copia dei dati"),
}
ENDS = {
    "student_left": _(
        "il profilo va in archivio, perché l'anno scolastico della classe è finito. Se non è così, basta passare alla nuova classe."
    ),
    "student_idle": _(
        "il profilo va in archivio, perché nessuno lo usa da tanto tempo. Basta usarlo ancora."
    ),
    "student_archived": _("il profilo in archivio si cancella."),
    "account_unused": _("l'accesso si cancella, perché nessuno lo usa da tanto tempo. Basta entrare ancora."),
}

NOTIFICATIONS = {
    "name_asked": _("Un'azienda chiede un nome"),
    "name_given": _("Studente e scuola dicono di sì"),
    "name_refused": _("La risposta a una richiesta è no"),
    "company_approved": _("Il profilo dell'azienda è approvato"),
    "company_rejected": _("Il profilo dell'azienda va cambiato"),
    "placement_made": _("Un inserimento è concordato"),
    "placement_ended": _("Un inserimento non va avanti"),
    "placement_due": _("Manca qualcosa a un inserimento"),
    "hours_waiting": _("Ci sono ore da confermare"),
    "evaluation_asked": _("Serve una valutazione"),
    "job_ended": _("Un lavoro lungo è finito"),
    "wishes_wanted": _("La scuola raccoglie le preferenze"),
    "round_moved": _("Un turno è andato avanti da solo"),
    "round_waits": _("Un turno va pubblicato"),
    "round_invites": _("Una scuola è invitata a un turno"),
    "application_received": _("Arrivano candidature"),
    "placement_proposed": _("Una scuola propone studenti"),
    "application_accepted": _("Un'azienda dice di sì a una candidatura"),
    "application_to_approve": _("Una candidatura aspetta la scuola"),
    "application_due": _("Il tempo per rispondere sta per finire"),
    "application_ended": _("Una candidatura è chiusa"),
    "offer_again": _("Una proposta si può offrire di nuovo"),
    "company_asked": _("L'azienda ospita quest'anno?"),
    "company_warned": _("L'azienda sta per essere nascosta"),
    "company_hidden": _("L'azienda è nascosta"),
    "seats_offered": _("C'è posto per una visita in lista d'attesa"),
    "booking_expired": _("Una prenotazione è scaduta"),
    "session_moved": _("Un turno di visita cambia data o orario"),
    "session_cancelled": _("Un turno di visita è annullato"),
    "visit_done": _("Una visita è finita: com'è andata?"),
    "event_proposed": _("Un evento è proposto per una rassegna"),
    "event_due": _("Un evento proposto aspetta ancora una risposta"),
    "event_published": _("Un evento è nel programma di una rassegna"),
    "event_returned": _("Un evento proposto va cambiato"),
    "hosting_invited": _("Un'azienda vi chiede di ospitare insieme"),
    "hosting_answered": _("Un'azienda che volete con voi ha risposto"),
    "hosting_withdrawn": _("Un invito a ospitare insieme non vale più"),
    "kit_named": _("Un vostro progetto è raccontato come kit"),
    "kit_proposed": _("Una scuola vi propone un kit"),
    "concern_raised": _("C'è una segnalazione"),
    "concern_urgent": _("C'è una segnalazione urgente"),
    "concern_passed_on": _("Una segnalazione passa a te"),
    "concern_answered": _("C'è una risposta a una segnalazione"),
    "concern_named": _("Il coordinamento chiede un nome"),
    "concern_closed": _("Una segnalazione è chiusa"),
    "paper_to_check": _("Una convenzione è da controllare"),
    "paper_returned": _("Una convenzione è tornata indietro"),
    "paper_to_sign": _("Un documento aspetta la tua firma"),
    "paper_in_force": _("Un documento ha tutte le firme"),
}
MAIL_CHOICES = {
    "at_once": _("Subito"),
    "daily": _("Una volta al giorno, alle 7"),
    "never": _("Mai"),
}
JOBS = {
    "match_run": _("Proposte per tutti gli studenti"),
    "round_run": _("Assegnazione di un turno"),
    "evidence": _("Conta dei risultati"),
}
JOB_STATES = {
    "queued": _("In attesa"),
    "running": _("In corso"),
    "done": _("Finito"),
    "failed": _("Non riuscito"),
    "cancelled": _("Fermato"),
}
JOB_RESULTS = {"students": _("Studenti"), "matches": _("Abbinamenti conservati")}
