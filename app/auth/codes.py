"""Codes that people type: what they look like, and how they are kept."""

from __future__ import annotations

import hashlib
import hmac
import secrets

from pydantic import SecretStr

ALPHABET = "3479ACDEFGHJKMNPQRTVWXY"
"""23 signs of which no two look alike on paper: no 0 and O, 1, I and L, 2 and Z, 5 and S, 6 and G, 8 and B, U and V."""
GROUP = 4
_READ_AS = str.maketrans({"0": "Q", "O": "Q", "6": "G", "U": "V"})


def make(length: int) -> str:
    """A random code in groups of four: 12 signs are 54 bits, 16 are 72."""
    signs = "".join(secrets.choice(ALPHABET) for _ in range(length))
    return "-".join(signs[first : first + GROUP] for first in range(0, length, GROUP))


def read(typed: str) -> str:
    """The bare signs of a code as people type it: in small letters, with blanks or without hyphens.

    A sign that is never given out is taken for the one that it is mistaken for.
    """
    return "".join(sign for sign in typed.upper() if sign.isalnum()).translate(_READ_AS)


def keyed_hash(secret: SecretStr, purpose: str, code: str) -> str:
    """The stored form of a code: useless without the service's secret, and for one purpose only."""
    message = f"{purpose}\n{read(code)}".encode()
    return hmac.new(secret.get_secret_value().encode(), message, hashlib.sha256).hexdigest()
