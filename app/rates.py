"""How many requests a minute a program, or an address without one, may send.

A request is counted before anybody knows who sends it: the database is asked later, in a thread. So what counts is not
what a caller claims to be but what has been proven in this process: credentials that were right once are remembered by
their hash, and count for their client from then on. Everything else counts for its address. Hence nobody uses up
another's requests by naming its key, and nobody escapes by inventing keys.
"""

from __future__ import annotations

import hashlib
import ipaddress
import time
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any, NamedTuple

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute
from limits.aio import strategies as shared_strategies
from limits.errors import StorageError
from starlette.types import Scope

from app.errors import TooManyRequests
from app.settings import Settings

if TYPE_CHECKING:
    from limits.aio.storage import RedisStorage

log = structlog.get_logger(__name__)

REMEMBERED = 10_000
"""Credentials that are remembered; the earliest are forgotten first, and recognised anew."""
PATIENCE_SECONDS = 0.25
"""How long an answer of the shared store is waited for."""
ALONE_SECONDS = 5.0
"""How long each process counts for itself after the shared store has failed."""
SCOPE_KEY = "bottega.rate"


class Client(NamedTuple):
    """Whose requests are counted together, and how many it may send; None is what everybody may."""

    name: str
    requests_per_minute: int | None = None


class Count(NamedTuple):
    """Where a caller stands after a request."""

    limit: int
    remaining: int
    seconds: int
    is_within: bool

    def headers(self) -> dict[str, str]:
        """What the answer tells of it."""
        return {
            "ratelimit-limit": str(self.limit),
            "ratelimit-remaining": str(self.remaining),
            "ratelimit-reset": str(self.seconds),
        }


@dataclass(slots=True)
class Counted:
    """One request: for whom it counted, and where that one stands."""

    rates: Rates
    credentials: str | None
    count: Count
    client: Client | None

    def recognise(self, client: Client) -> None:
        """Say who it was, once known. Raises TooManyRequests for a client known to have no requests left."""
        if self.credentials is not None:
            self.rates.remember(self.credentials, client)
        if self.client is None:
            self.client = client
            self.rates.refuse_spent(client)

    def forget(self) -> None:
        """Say that the credentials are not valid, or no longer."""
        if self.credentials is not None:
            self.rates.forget(self.credentials)

    def refuse(self) -> None:
        """Raise TooManyRequests when the limit is over."""
        if not self.count.is_within:
            raise _over(self.count.seconds)


class Windows:
    """The requests of the running minute, caller by caller, in this process; used on the event loop only.

    The library's own memory starts a thread for almost every request, to forget what is over: a third of what an
    answer costs.
    """

    def __init__(self, seconds: float = 60.0) -> None:
        self.seconds = seconds
        self._windows: dict[str, tuple[float, int]] = {}

    def hit(self, name: str, amount: int) -> tuple[bool, float, int]:
        """Count a request: whether it is within the amount, when the window ends, and how many remain."""
        now = time.time()
        # All windows are equally long, so they end in the order in which they stand here.
        while self._windows and next(iter(self._windows.values()))[0] <= now:
            del self._windows[next(iter(self._windows))]
        ends_at, before = self._windows.get(name, (now + self.seconds, 0))
        count = before + 1
        self._windows[name] = ends_at, count
        return count <= amount, ends_at, max(0, amount - count)


class Rates:
    """Counts requests in memory, or in a store that several processes share."""

    def __init__(self, settings: Settings) -> None:
        self.everybody = settings.rate_limit_per_minute
        self.known: dict[str, Client] = {}
        self.spent: dict[str, float] = {}
        self._lock = Lock()
        self._items: dict[int, RateLimitItem] = {}
        self._here = Windows()
        store = shared_store(settings.rate_limit_storage)
        self._shared = None if store is None else shared_strategies.FixedWindowRateLimiter(store)
        self._store = store
        self._alone_until = 0.0

    async def count(self, scope: Scope) -> Counted:
        """Count a request for who is known to have sent it, or else for its address."""
        credentials = _credentials(scope)
        client = self.known.get(credentials) if credentials is not None else None
        count = await self._hit(client or Client(_address(scope)))
        counted = Counted(self, credentials, count, client)
        scope[SCOPE_KEY] = counted
        return counted

    async def close(self) -> None:
        """Give the connections to the shared store back."""
        if self._store is not None:
            bridge: Any = self._store.bridge  # its type does not tell of the connections
            await bridge.storage.aclose()

    async def settle(self, counted: Counted, before: Client | None) -> Count:
        """Where to tell the caller that it stands: a client recognised only during the request counts now."""
        if counted.client is not None and counted.client is not before:
            return await self._hit(counted.client)
        return counted.count

    def remember(self, credentials: str, client: Client) -> None:
        """Count these credentials' requests for the client from now on."""
        with self._lock:  # called from threads
            self.known[credentials] = client
            if len(self.known) > REMEMBERED:
                del self.known[next(iter(self.known))]

    def forget(self, credentials: str) -> None:
        """Count these credentials' requests for the address from now on."""
        with self._lock:
            self.known.pop(credentials, None)

    def refuse_spent(self, client: Client) -> None:
        """Raise TooManyRequests for a client that this process knows to be over: a new token is no new minute."""
        left = self.spent.get(client.name, 0.0) - time.time()
        if left > 0:
            raise _over(max(1, int(left)))

    async def _hit(self, client: Client) -> Count:
        amount = client.requests_per_minute or self.everybody
        item = self._items.setdefault(amount, RateLimitItemPerMinute(amount))
        is_within, reset_at, remaining = await self._ask(item, client.name)
        if not is_within:
            if len(self.spent) > REMEMBERED:
                self.spent.clear()
            self.spent[client.name] = reset_at
        seconds = max(0, int(reset_at - time.time()))
        return Count(amount, remaining, seconds, is_within)

    async def _ask(self, item: RateLimitItem, name: str) -> tuple[bool, float, int]:
        if self._shared is not None and time.monotonic() >= self._alone_until:
            try:
                is_within = await self._shared.hit(item, name)
                return is_within, *await self._shared.get_window_stats(item, name)
            except StorageError as error:
                self._alone_until = time.monotonic() + ALONE_SECONDS
                log.warning("rate_store_lost", kind=type(error.storage_error).__name__)
        return self._here.hit(name, item.amount)


def shared_store(address: str) -> RedisStorage | None:
    """What counts for several processes; None for memory. Opens no connection."""
    if address == "memory://":
        return None
    from limits.aio.storage import RedisStorage  # the extra `redis`

    patience: dict[str, Any] = {
        "socket_timeout": PATIENCE_SECONDS,
        "socket_connect_timeout": PATIENCE_SECONDS,
    }
    return RedisStorage(
        f"async+{address}", wrap_exceptions=True, implementation="redispy", key_prefix="bottega", **patience
    )


def _over(seconds: int) -> TooManyRequests:
    return TooManyRequests(f"Come back in {seconds} s.", headers={"Retry-After": str(seconds)})


def _credentials(scope: Scope) -> str | None:
    """A name for what the caller shows, that does not tell it; None when it shows nothing."""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return hashlib.sha256(value).hexdigest()
    return None


def _address(scope: Scope) -> str:
    client = scope.get("client")
    return network(client[0]) if client else "unknown"


def network(address: str) -> str:
    """An IPv4 address as it is, and the /64 of an IPv6 address: whoever has one of these has all of it."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return str(found.ipv4_mapped)
        return str(ipaddress.ip_network((found, 64), strict=False))
    return str(found)
