"""The mails that go out with a link or a code."""

from __future__ import annotations

from collections.abc import Mapping

from app.notifications.letters import Letter


def guardian_asked(name: str, names: Mapping[str, str], address: str, *, is_again: bool) -> Letter:
    """To a legal representative, who has no account: what is to be read, and where."""
    again = "Promemoria: u" if is_again else "U"
    text = (
        f"Gentile {name},\n\n"
        f"{again}n documento della scuola {names['school']} aspetta la Sua firma: riguarda il tirocinio presso"
        f" {names['company']}.\n\n"
        f"Lo legge qui, e da lì può chiedere il codice per firmare:\n{address}\n\n"
        "Aprire la pagina non firma niente. Se preferisce firmare su carta, lo dica alla scuola.\n"
    )
    return Letter("Bottega: un documento aspetta la Sua firma", text)


def code(given: str, names: Mapping[str, str], minutes: int) -> Letter:
    """The code to sign with."""
    text = (
        f"Il codice per firmare è: {given}\n\n"
        f"Vale {minutes} minuti e una volta sola, per il documento tra {names['school']} e {names['company']}.\n"
        "Se non hai chiesto questo codice, non darlo a nessuno e avvisa la scuola.\n\n"
        f"The code to sign with is: {given}\n"
        f"It holds for {minutes} minutes and once. If you did not ask for it, give it to nobody and tell the school.\n"
    )
    return Letter("Bottega: codice per firmare / code to sign", text)
