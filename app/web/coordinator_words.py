"""What the coordinator's pages call what the rules tell apart, and the drafts of mails to companies."""

from __future__ import annotations

from app.network.rules import Balance, Standing
from app.web.language import mark as _

STANDINGS = {
    Standing.DORMANT: _("Addormentata"),
    Standing.SILENT: _("Silenziosa"),
    Standing.NEW: _("Nuova"),
    Standing.ANSWERING: _("Risponde"),
}
STANDINGS_MANY = {
    Standing.DORMANT: _("Addormentate"),
    Standing.SILENT: _("Silenziose"),
    Standing.NEW: _("Nuove"),
    Standing.ANSWERING: _("Che rispondono"),
}
MEANINGS = {
    Standing.DORMANT: _("Nessun segno da %(days)s giorni o più."),
    Standing.SILENT: _("Nessun segno da %(days)s giorni o più, ma meno che se fosse addormentata."),
    Standing.NEW: _("Approvata da meno di %(days)s giorni."),
    Standing.ANSWERING: _("Ha fatto qualcosa negli ultimi %(days)s giorni."),
}
NEXT_STEPS = {
    Standing.DORMANT: _("Telefona. Se non ospita più, scrivilo in un appunto e non insistere."),
    Standing.SILENT: _("Manda una mail breve. Se non risponde in due settimane, telefona."),
    Standing.NEW: _("Dai il benvenuto e offri un aiuto per la prima proposta."),
    Standing.ANSWERING: _("Non serve niente. Un grazie fa sempre piacere."),
}
BALANCES = {
    Balance.NO_SEATS: _("nessun posto"),
    Balance.STUDENTS_LACK: _("mancano studenti"),
    Balance.EVEN: _("in equilibrio"),
    Balance.SEATS_LACK: _("mancano posti"),
}
SUBJECTS = {
    Standing.DORMANT: _("Bottega: ospitate ancora studenti?"),
    Standing.SILENT: _("Bottega: possiamo aiutarvi con la prossima proposta?"),
    Standing.NEW: _("Benvenuti in Bottega"),
    Standing.ANSWERING: _("Grazie da Bottega"),
}
LETTERS = {
    Standing.DORMANT: _(
        "Buongiorno,\n\nscrivo da chi coordina Bottega nel territorio. L'ultima novità da %(company)s è del %(day)s.\n\n"
        "Ospitate ancora studenti? Se sì, per una proposta bastano due minuti: %(address)s\n"
        "Se no, basta rispondere a questa mail: non vi scriveremo più.\n\nGrazie,\n%(name)s"
    ),
    Standing.SILENT: _(
        "Buongiorno,\n\nscrivo da chi coordina Bottega nel territorio. L'ultima novità da %(company)s è del %(day)s.\n\n"
        "Se volete ospitare studenti quest'anno, per una proposta bastano due minuti: %(address)s\n"
        "Se qualcosa non funziona, rispondete a questa mail: vi chiamo io.\n\nGrazie,\n%(name)s"
    ),
    Standing.NEW: _(
        "Buongiorno,\n\nda oggi scuole e studenti vedono %(company)s su Bottega. La prima proposta si scrive in due"
        " minuti: %(address)s\n\nSe volete, la scriviamo insieme al telefono.\n\nA presto,\n%(name)s"
    ),
    Standing.ANSWERING: _(
        "Buongiorno,\n\ngrazie per quello che %(company)s fa per gli studenti del territorio. Le vostre proposte sono"
        " qui: %(address)s\n\nA presto,\n%(name)s"
    ),
}
TABLES = {
    "skills": _("Competenze"),
    "programmes": _("Indirizzi di studio"),
    "districts": _("Zone"),
}
SCARCE = _("Competenze con meno studenti che posti")
SCARCE_TEXT = _("Per ogni competenza: i posti liberi che la chiedono e gli studenti che l'hanno.")
SCARCE_HEAD = (_("Competenza"), _("Posti"), _("Studenti"))
POINT = _("%(seats)s posti liberi, %(students)s studenti: %(balance)s")
AT_LEAST = _("almeno %(number)s")
FEWER = _("meno di %(least)s")
