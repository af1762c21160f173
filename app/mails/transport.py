"""Handing a mail to a server; in development without one, to the console."""

from __future__ import annotations

import smtplib
import ssl
import sys
from email.message import EmailMessage
from email.utils import format_datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from app.settings import Settings

if TYPE_CHECKING:
    from app.mails.models import Mail

TIMEOUT_SECONDS = 20


class NotSent(Exception):  # noqa: N818 -- says what happened
    """The mail did not leave. Its text names the kind of error and holds nothing of the mail."""

    def __init__(self, error: Exception, *, is_unwritable: bool = False) -> None:
        code = getattr(error, "smtp_code", None)
        if isinstance(error, smtplib.SMTPRecipientsRefused):
            code = next(iter(error.recipients.values()))[0]
        super().__init__(f"{type(error).__name__} {code or ''}".strip())
        is_about_this_mail = is_unwritable or isinstance(
            error, (smtplib.SMTPRecipientsRefused, smtplib.SMTPSenderRefused, smtplib.SMTPDataError)
        )
        self.is_final = is_unwritable or (is_about_this_mail and code is not None and code >= 500)
        self.is_servers_fault = not is_about_this_mail


def is_set_up(settings: Settings) -> bool:
    """Whether mails can leave; in production without a server they wait."""
    return settings.smtp_url is not None or settings.environment == "development"


def send(settings: Settings, mail: Mail) -> None:
    """Hand the mail over. Slow, so never within a block. Raises NotSent."""
    try:
        message = compose(settings, mail)
    except Exception as error:
        raise NotSent(error, is_unwritable=True) from None
    if settings.smtp_url is None:
        _show(message)
        return
    try:
        _send(settings.smtp_url.get_secret_value(), message)
    except (OSError, smtplib.SMTPException) as error:
        raise NotSent(error) from None


def compose(settings: Settings, mail: Mail) -> EmailMessage:
    """The mail as it travels; sent twice, it has the same Message-ID."""
    message = EmailMessage()
    message["From"] = settings.mail_from
    message["To"] = mail.to_address
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(mail.created_at)
    message["Message-ID"] = f"<{mail.id}@{urlsplit(settings.public_url).hostname}>"
    message["Content-Language"] = mail.language
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    message.set_content(mail.body_text)
    if mail.body_html is not None:
        message.add_alternative(mail.body_html, subtype="html")
    return message


def _send(url: str, message: EmailMessage) -> None:
    parts = urlsplit(url)
    host = parts.hostname or ""
    if parts.scheme == "smtps":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            host, parts.port or 465, timeout=TIMEOUT_SECONDS, context=ssl.create_default_context()
        )
    else:
        server = smtplib.SMTP(host, parts.port or 25, timeout=TIMEOUT_SECONDS)
    with server:
        if parts.scheme == "smtp+starttls":
            server.starttls(context=ssl.create_default_context())
        if parts.username:
            server.login(unquote(parts.username), unquote(parts.password or ""))
        server.send_message(message)


def _show(message: EmailMessage) -> None:
    # To the console of whoever develops, never to the log: there it would be kept.
    body = message.get_body(("plain",))
    text = body.get_content() if body is not None else ""
    sys.stderr.write(f"--- mail to {message['To']}: {message['Subject']}\n{text}---\n")
    sys.stderr.flush()
