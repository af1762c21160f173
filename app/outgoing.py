"""The only door for HTTP connections that this service opens to others.

Addresses come from people (a webhook, a provider's discovery document), so an attacker may choose them to reach what
only this machine can reach. Therefore: https only; every address that a name stands for is looked at, and the very one
that was looked at is connected to, so that a second answer of the name service changes nothing; redirects come back to
the caller, or are followed one by one under the same rules; time and size are bounded; no proxy is taken from the
environment. `BOTTEGA_OUTGOING_ALLOWED` opens single names and networks for providers inside an organisation.

Never call this inside a database block: it waits for somebody else.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from socket import SOCK_STREAM, getaddrinfo
from typing import Any
from urllib.parse import SplitResult, urlencode, urljoin, urlsplit

import httpcore2

from app.settings import Settings

Address = IPv4Address | IPv6Address
Resolver = Callable[[str, int], list[str]]
"""All addresses that a host's name stands for, as text."""

_LONGEST_URL = 2000
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_UNICAST = ip_network("2000::/3")
# Public by their number, but a way to somewhere else: they carry an IPv4 address within, or belong to a host's machinery.
_DETOURS = tuple(
    ip_network(text)
    for text in (
        "192.0.0.0/24",  # assignments for protocols; a cloud's metadata too
        "192.88.99.0/24",  # relays of 6to4 (RFC 7526)
        "168.63.129.16/32",  # a cloud's machinery, metadata included
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
    )
)


class OutgoingError(Exception):
    """A call to another service came to nothing; the text is for people and holds no secret."""


class AddressRefusedError(OutgoingError):
    """This service does not connect to that address."""


class NoAnswerError(OutgoingError):
    """Nobody answered in time, or not in HTTP."""


class AnswerTooLargeError(OutgoingError):
    """The answer is larger than `BOTTEGA_OUTGOING_MAX_BYTES`."""


@dataclass(frozen=True)
class Answer:
    """What another service answered; a redirect unless it was to be followed. `url` is where it came from."""

    url: str
    status: int
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> Any:
        """The body read as JSON. Raises NoAnswerError."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError) as error:
            raise NoAnswerError(f"{_host(self.url)} answered something that is not JSON.") from error


def resolve(host: str, port: int) -> list[str]:
    """What the machine's own name service knows."""
    return [str(found[4][0]) for found in getaddrinfo(host, port, type=SOCK_STREAM)]


def get(
    url: str,
    settings: Settings,
    *,
    headers: Mapping[str, str] | None = None,
    redirects: int = 0,
    resolver: Resolver = resolve,
) -> Answer:
    """Read an address; up to `redirects` hops are followed, each under the same rules. Raises OutgoingError.

    Headers go to the first origin only: they may hold credentials.
    """
    answer = _send("GET", url, settings, resolver, headers or {})
    for _ in range(redirects):
        target = answer.headers.get("location")
        if answer.status not in _REDIRECTS or target is None:
            break
        following = urljoin(answer.url, target)
        kept = headers if _origin(following) == _origin(url) else None
        answer = _send("GET", following, settings, resolver, kept or {})
    return answer


def post(
    url: str,
    body: bytes,
    settings: Settings,
    *,
    media_type: str = "application/json",
    headers: Mapping[str, str] | None = None,
    resolver: Resolver = resolve,
) -> Answer:
    """Send a body; a redirect is returned, never followed. Raises OutgoingError."""
    return _send("POST", url, settings, resolver, {"content-type": media_type} | dict(headers or {}), body)


def post_form(
    url: str,
    fields: Mapping[str, str],
    settings: Settings,
    *,
    headers: Mapping[str, str] | None = None,
    resolver: Resolver = resolve,
) -> Answer:
    """Send a form, as OAuth's token endpoint takes it. Raises OutgoingError."""
    body = urlencode(fields).encode()
    media_type = "application/x-www-form-urlencoded"
    return post(url, body, settings, media_type=media_type, headers=headers, resolver=resolver)


def require_url(url: str, settings: Settings, *, resolver: Resolver = resolve) -> None:
    """Refuse an address before it is stored; whoever connects later is checked again. Raises AddressRefusedError, NoAnswerError."""
    parts = _parse(url)
    _addresses(parts, settings, resolver)


# --- the rules --------------------------------------------------------------------------------------------------------


def is_public(address: Address) -> bool:
    """Whether an address leads to the public internet and nowhere else."""
    if isinstance(address, IPv6Address) and address not in _UNICAST:
        return False  # loopback, link-local, private, multicast, IPv4 in disguise, NAT64
    if address.is_multicast or not address.is_global:
        return False
    return not any(address in network for network in _DETOURS if network.version == address.version)


@dataclass(frozen=True)
class _Allowed:
    """What the operator has opened."""

    names: frozenset[str]
    networks: tuple[IPv4Network | IPv6Network, ...]

    def has(self, host: str, address: Address) -> bool:
        # Where machines keep their own secrets, no provider lives.
        if address.is_link_local or address.is_multicast or address.is_unspecified:
            return False
        return host in self.names or any(
            address in network for network in self.networks if network.version == address.version
        )


@cache
def _allowed(written: str) -> _Allowed:
    names, networks = set(), []
    for entry in written.replace(",", " ").lower().split():
        try:
            networks.append(ip_network(entry, strict=False))
        except ValueError:
            names.add(entry)
    return _Allowed(frozenset(names), tuple(networks))


def _parse(url: str) -> SplitResult:
    """The parts of an address that is at all worth looking up. Raises AddressRefusedError."""
    if len(url) > _LONGEST_URL or not url.isascii() or not url.isprintable() or set(url) & set(' \\"<>'):
        raise AddressRefusedError("The address is too long or has characters that belong in no address.")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise AddressRefusedError("The address cannot be read.") from error
    if parts.scheme not in ("https", "http"):
        raise AddressRefusedError("The address must begin with https://.")
    if not parts.hostname or port == 0 or "@" in parts.netloc:
        raise AddressRefusedError("The address must name a host, and nobody's password.")
    return parts


def _addresses(parts: SplitResult, settings: Settings, resolver: Resolver) -> list[str]:
    """Where the host is, if every one of its addresses may be connected to. Raises AddressRefusedError and NoAnswerError."""
    host, port = parts.hostname or "", _port(parts)
    try:
        found = [ip_address(text.partition("%")[0]) for text in resolver(host, port)]
    except (OSError, UnicodeError, ValueError) as error:
        raise NoAnswerError(f"Nobody knows the host {host}.") from error
    if not found:
        raise NoAnswerError(f"Nobody knows the host {host}.")
    for address in found:
        is_opened = _allowed(settings.outgoing_allowed).has(host, address)
        if not is_opened and not is_public(address):
            raise AddressRefusedError(f"The host {host} is not on the public internet.")
        is_at_home = is_opened and address.is_loopback and settings.environment == "development"
        if parts.scheme != "https" and not is_at_home:
            raise AddressRefusedError("The address must begin with https://.")
    return [str(address) for address in found]


def _port(parts: SplitResult) -> int:
    return parts.port or {"http": 80, "https": 443}[parts.scheme]


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port


# --- the connection ---------------------------------------------------------------------------------------------------


def _send(
    method: str,
    url: str,
    settings: Settings,
    resolver: Resolver,
    headers: Mapping[str, str],
    body: bytes | None = None,
) -> Answer:
    parts = _parse(url)
    door = _Door(_addresses(parts, settings, resolver), settings.outgoing_seconds)
    sent: dict[bytes | str, bytes | str] = {"user-agent": "Bottega", "accept-encoding": "identity"}
    sent |= {name.lower(): value for name, value in headers.items()}
    # One connection for one call: nothing is pooled that was checked long ago.
    try:
        with (
            httpcore2.ConnectionPool(ssl_context=_tls(), network_backend=door) as pool,
            pool.stream(method, _without_fragment(parts), headers=sent, content=body) as response,
        ):
            received = bytearray()
            for part in response.iter_stream():
                received += part
                if len(received) > settings.outgoing_max_bytes:
                    raise AnswerTooLargeError(f"{parts.hostname} answered more than this service reads.")
            told = {
                name.decode("latin-1").lower(): value.decode("latin-1") for name, value in response.headers
            }
            return Answer(url, response.status, told, bytes(received))
    except (
        httpcore2.TimeoutException,
        httpcore2.NetworkError,
        httpcore2.ProtocolError,
        ssl.SSLError,
    ) as error:
        raise NoAnswerError(f"{parts.hostname} did not answer ({type(error).__name__}).") from error


def _without_fragment(parts: SplitResult) -> str:
    return parts._replace(fragment="").geturl()


@cache
def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    return context


class _Door(httpcore2.NetworkBackend):
    """Connects to the addresses that were checked, whatever name is asked for, and to none after the deadline."""

    def __init__(self, addresses: Iterable[str], seconds: float) -> None:
        self.addresses = tuple(addresses)
        self.deadline = time.monotonic() + seconds
        self.network = httpcore2.SyncBackend()

    def connect_tcp(
        self,
        host: str,  # noqa: ARG002 -- the name has been resolved, once
        port: int,
        timeout: float | None = None,  # noqa: ARG002 -- the deadline of the whole call counts
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore2.NetworkStream:
        failure: Exception = httpcore2.ConnectError("no address")
        for address in self.addresses:
            try:
                stream = self.network.connect_tcp(address, port, self.left(), local_address, socket_options)
                return _Bounded(stream, self)
            except (httpcore2.ConnectError, httpcore2.ConnectTimeout) as error:
                failure = error
        raise failure

    def left(self) -> float:
        """Seconds until the deadline. Raises ReadTimeout after it."""
        seconds = self.deadline - time.monotonic()
        if seconds <= 0:
            raise httpcore2.ReadTimeout("the whole call took too long")
        return seconds


class _Bounded(httpcore2.NetworkStream):
    """A connection whose every wait ends at the deadline of the whole call, lest somebody dribble byte by byte."""

    def __init__(self, stream: httpcore2.NetworkStream, door: _Door) -> None:
        self.stream, self.door = stream, door

    # The time-outs that come in are those of single steps; the deadline is shorter or the same.

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:  # noqa: ARG002
        return self.stream.read(max_bytes, self.door.left())

    def write(self, buffer: bytes, timeout: float | None = None) -> None:  # noqa: ARG002
        self.stream.write(buffer, self.door.left())

    def close(self) -> None:
        self.stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,  # noqa: ARG002
    ) -> httpcore2.NetworkStream:
        return _Bounded(self.stream.start_tls(ssl_context, server_hostname, self.door.left()), self.door)

    def get_extra_info(self, info: str) -> Any:
        return self.stream.get_extra_info(info)
