"""Keyed hashes and encryption, each purpose under a key of its own that is made from the installation's secret.

What is short, or known to somebody, is never stored under a plain hash: whoever reads the database could try them all.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import secrets

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import SecretStr

_NONCE = 12


def fingerprint(secret: SecretStr, purpose: str, *parts: str) -> str:
    """64 hexadecimal digits that only who knows the secret can make of the parts."""
    text = "\0".join(parts).encode()
    return hmac.new(_key(secret, purpose), text, hashlib.sha256).hexdigest()


def seal(secret: SecretStr, purpose: str, text: str, *, owner: str) -> str:
    """Encrypt a text so that it opens for its owner only; each time different."""
    nonce = secrets.token_bytes(_NONCE)
    sealed = AESGCM(_key(secret, purpose)).encrypt(nonce, text.encode(), owner.encode())
    return base64.b64encode(nonce + sealed).decode()


def unseal(secret: SecretStr, purpose: str, sealed: str, *, owner: str) -> str | None:
    """The text, or None where the secret has been changed or the seal is another owner's."""
    raw = base64.b64decode(sealed)
    try:
        return AESGCM(_key(secret, purpose)).decrypt(raw[:_NONCE], raw[_NONCE:], owner.encode()).decode()
    except InvalidTag:
        return None


def _key(secret: SecretStr, purpose: str) -> bytes:
    return hmac.new(
        secret.get_secret_value().encode(), f"bottega {purpose}".encode(), hashlib.sha256
    ).digest()
