"""What an e-mail address looks like here: one that every mail server takes and no mail's head reads in another way."""

from __future__ import annotations

import re

_ATOM = r"[A-Za-z0-9!#$%&'*+/=^_`{|}~-]+"
PATTERN = rf"^{_ATOM}(\.{_ATOM})*@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+$"
"""The dot-atoms of RFC 5322 without `?`, which encoded words need (RFC 2047): a head would decode one and name another."""
LONGEST = 254


def is_address(text: str) -> bool:
    """Whether a mail can be sent there."""
    return len(text) <= LONGEST and re.fullmatch(PATTERN, text) is not None
