"""Codes that people type: what they look like, and how they are kept."""

from __future__ import annotations

import secrets

from pydantic import SecretStr

from app.auth.seals import fingerprint

ALPHABET = "3479ACDEFGHJKMNPQRTVWXY"
"""23 signs of which no two look alike on paper: no 0 and O, 1, I and L, 2 and Z, 5 and S, 6 and G, 8 and B, U and V."""
GROUP = 4
_READ_AS = str.maketrans({"0": "Q", "O": "Q", "6": "G", "U": "V"})


def make(length: int) -> str:
    """A random code in groups of four: 8 signs are 36 bits, 12 are 54, 16 are 72."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(length))
    return "-".join(signs[first : first + GROUP] for first in range(0, length, GROUP))


def read(typed: str) -> str:
    """The bare signs of a code as people type it: in small letters, with blanks or without hyphens.

    A sign that is never given out is taken for the one that it is mistaken for.
    """
    return "".join(sign for sign in typed.upper() if sign.isalnum()).translate(_READ_AS)


def keyed_hash(secret: SecretStr, purpose: str, code: str, *owner: str) -> str:
    """The stored form of a code: useless without the service's secret, and for one purpose only.

    `owner` binds it to one person: a guess is a guess at that person's codes.
    """
    return fingerprint(secret, purpose, *owner, read(code))
