"""Slowing down who guesses codes: so many wrong ones from one address, and then a pause."""

from __future__ import annotations

import time
from ipaddress import IPv6Address, ip_address

from limits import RateLimitItemPerMinute
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter
from starlette.requests import Request

from app import errors

MOST = RateLimitItemPerMinute(20, 5)
"""20 wrong codes in five minutes: a class that mistypes passes, and 54 bits are never guessed."""

_tries = MovingWindowRateLimiter(MemoryStorage())


def refuse(request: Request, what: str) -> None:
    """Raise TooManyRequests when too many wrong ones came from the caller's address."""
    if not _tries.test(MOST, what, _place(request)):
        window = _tries.get_window_stats(MOST, what, _place(request))
        seconds = str(max(1, int(window.reset_time - time.time())))
        raise errors.TooManyRequests("Too many wrong codes; wait.", headers={"Retry-After": seconds})


def note(request: Request, what: str) -> None:
    """Count a wrong one."""
    _tries.hit(MOST, what, _place(request))


def _place(request: Request) -> str:
    host = request.client.host if request.client else "unknown"
    try:
        address = ip_address(host)
    except ValueError:
        return host
    # One subscriber has a whole /64 of addresses.
    return str(int(address) >> 64) if isinstance(address, IPv6Address) else host
