"""The words of mails, in the language of whom they go to."""

from __future__ import annotations

from datetime import datetime
from urllib.parse import urlencode

from sqlalchemy.orm import Session

from app.auth import service_codes as codes
from app.auth.service_codes import Mailed
from app.mails import service as mails
from app.web.language import catalogue


def queue_sign_in(
    session: Session,
    *,
    to: str,
    name: str,
    language: str,
    site: str,
    next_page: str,
    mailed: Mailed,
    now: datetime,
) -> None:
    """The mail with a link and a code to sign in with."""
    _ = catalogue(language).gettext
    query = {"token": mailed.token} | ({"next": next_page} if next_page else {})
    minutes = int(codes.VALID_FOR.total_seconds() // 60)
    paragraphs = (
        _("Ciao %(name)s,") % {"name": name},
        _("per accedere a Bottega apri questo link e conferma:"),
        f"{site}/sign-in/link?{urlencode(query)}",
        _("Oppure scrivi questo codice nella pagina da cui l'hai chiesto:"),
        mailed.code,
        _("Valgono %(minutes)s minuti e una volta sola.") % {"minutes": minutes},
        _("Non l'hai chiesto tu? Non fare niente: senza questo link nessuno entra. Non darlo a nessuno."),
    )
    mails.queue(
        session, to=to, subject=_("Il tuo accesso a Bottega"), text="\n\n".join(paragraphs) + "\n", kind="sign_in",
        now=now, language=language, worth_for=codes.VALID_FOR,
    )  # fmt: skip
