"""Calls to others: where they may go, that they go nowhere else, and that they end."""

from __future__ import annotations

import ast
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any, ClassVar

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from app import outgoing
from app.outgoing import AddressRefusedError, AnswerTooLargeError, NoAnswerError
from app.settings import Settings

PUBLIC = Settings()
HOME = Settings(outgoing_allowed="127.0.0.1/32")


class Handler(BaseHTTPRequestHandler):
    """Answers by path; remembers who came."""

    seen: ClassVar[list[tuple[str, str, dict[str, str], bytes]]] = []

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.seen.append((self.command, self.path, headers, body))
        if self.path.startswith("/to/"):
            self.send_response(302)
            self.send_header("location", self.path.removeprefix("/to/"))
            self.send_header("content-length", "0")
            self.end_headers()
            return
        self.send_response(200)
        if self.path == "/endless":
            self.end_headers()
            self.pour(b"x" * 10_000, pause=0)
        elif self.path == "/dribble":
            self.end_headers()
            self.pour(b"x", pause=0.05)
        else:
            self.send_header("content-length", "13")
            self.end_headers()
            self.wfile.write(b'{"ok": "yes"}')

    def pour(self, portion: bytes, *, pause: float) -> None:
        for _ in range(1000):
            try:
                self.wfile.write(portion)
            except OSError:
                return
            time.sleep(pause)

    do_GET = do_POST = answer  # noqa: N815 -- the library's names

    def log_message(self, *_: Any) -> None:
        """Nothing: tests are quiet."""


@pytest.fixture
def server() -> Iterator[str]:
    Handler.seen.clear()
    yield from _serve(None)


def _serve(context: ssl.SSLContext | None) -> Iterator[str]:
    service = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    if context is not None:
        service.socket = context.wrap_socket(service.socket, server_side=True)
    thread = threading.Thread(target=service.serve_forever, args=(0.05,), daemon=True)
    thread.start()
    yield f"127.0.0.1:{service.server_port}"
    service.shutdown()
    service.server_close()


def known_as(*addresses: str) -> Callable[[str, int], list[str]]:
    """A name service that knows every name under these addresses."""
    return lambda _host, _port: list(addresses)


# --- where to ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1", "127.255.255.254", "0.0.0.0",  # noqa: S104
        "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1",
        "100.100.100.200", "169.254.169.254", "192.0.0.192", "192.0.2.1", "198.18.0.1", "192.88.99.1", "224.0.0.1",
        "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1", "::127.0.0.1", "::ffff:127.0.0.1",
        "::ffff:8.8.8.8", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2001:db8::1", "2001::1", "2002:7f00:1::",
        "fc00::1", "fd00:ec2::254", "fe80::1", "ff02::1", "100::1", "fec0::1",
    ],
)  # fmt: skip
def test_no_way_inside(address: str) -> None:
    assert not outgoing.is_public(ip_address(address))
    with pytest.raises(AddressRefusedError, match="not on the public internet"):
        outgoing.require_url("https://hook.example/x", PUBLIC, resolver=known_as(address))


@pytest.mark.parametrize("address", ["8.8.8.8", "93.184.215.14", "2606:2800:220:1::1", "172.32.0.1"])
def test_the_public_internet_is_open(address: str) -> None:
    outgoing.require_url("https://hook.example/x", PUBLIC, resolver=known_as(address))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "0x7f.1", "0x7f000001", "2130706433", "017700000001", "127.1", "[::ffff:127.0.0.1]", "[::1]", "localhost"],
)  # fmt: skip
def test_however_loopback_is_written(host: str) -> None:
    """With the machine's own name service, which reads all of these."""
    with pytest.raises(AddressRefusedError):
        outgoing.get(f"https://{host}/", PUBLIC)


def test_one_bad_address_among_good_ones_is_enough() -> None:
    with pytest.raises(AddressRefusedError):
        outgoing.require_url("https://hook.example", PUBLIC, resolver=known_as("8.8.8.8", "10.0.0.1"))


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://hook.example/", "https"),
        ("ftp://hook.example/", "https"),
        ("file:///etc/passwd", "https"),
        ("gopher://hook.example/", "https"),
        ("//hook.example/", "https"),
        ("", "https"),
        ("https://", "name a host"),
        ("https://user:secret@hook.example/", "password"),
        ("https://hook.example@127.0.0.1/", "password"),
        ("https://hook.example:0/", "host"),
        ("https://hook.example:99999/", "read"),
        ("https://[::1/", "read"),
        ("https://hook.example/a b", "characters"),
        ("https://hook.example/\r\nHost: x", "characters"),
        ("https://hook.example\\@127.0.0.1/", "characters"),
        ("https://hoök.example/", "characters"),
        ("https://hook.example/" + "a" * 2000, "too long"),
    ],
)
def test_addresses_that_are_none(url: str, said: str) -> None:
    with pytest.raises(AddressRefusedError, match=said):
        outgoing.require_url(url, PUBLIC, resolver=known_as("8.8.8.8"))


def test_unknown_hosts_and_nonsense_of_the_name_service() -> None:
    def fails(_host: str, _port: int) -> list[str]:
        raise OSError

    for resolver in (fails, known_as(), known_as("not an address")):
        with pytest.raises(NoAnswerError, match=r"hook\.example"):
            outgoing.require_url("https://hook.example/", PUBLIC, resolver=resolver)


# --- what the operator opens ------------------------------------------------------------------------------------------


def test_names_and_networks_can_be_opened() -> None:
    settings = Settings(outgoing_allowed="idp.school.lan, 10.1.0.0/16 fd00:1::/32")
    outgoing.require_url("https://IDP.school.lan/x", settings, resolver=known_as("192.168.7.7"))
    outgoing.require_url("https://other.lan/x", settings, resolver=known_as("10.1.2.3", "fd00:1::5"))
    for address in ("10.2.0.1", "fd00:2::1", "192.168.7.7"):
        with pytest.raises(AddressRefusedError):
            outgoing.require_url("https://other.lan/x", settings, resolver=known_as(address))


@pytest.mark.parametrize("address", ["169.254.169.254", "fe80::1", "224.0.0.1", "0.0.0.0"])  # noqa: S104
def test_what_no_provider_lives_at_cannot_be_opened(address: str) -> None:
    settings = Settings(outgoing_allowed="idp.school.lan 0.0.0.0/0 ::/0")
    with pytest.raises(AddressRefusedError):
        outgoing.require_url("https://idp.school.lan/", settings, resolver=known_as(address))


def test_plain_http_only_at_home_and_in_development() -> None:
    production = Settings(
        environment="production", secret_key="a" * 40, outgoing_allowed="127.0.0.1, 10.0.0.0/8"
    )  # type: ignore[arg-type]
    outgoing.require_url("http://127.0.0.1:9/", HOME)
    for url, settings in (
        ("http://127.0.0.1:9/", production),
        ("http://10.0.0.1/", production.model_copy(update={"environment": "development"})),
        ("http://127.0.0.1:9/", PUBLIC),
    ):
        with pytest.raises(AddressRefusedError):
            outgoing.require_url(url, settings)


# --- the call ---------------------------------------------------------------------------------------------------------


def test_reading_and_sending(server: str) -> None:
    answer = outgoing.get(f"http://{server}/a?b=c#d", HOME, headers={"Authorization": "Bearer x"})
    assert (answer.status, answer.json(), answer.headers["content-length"]) == (200, {"ok": "yes"}, "13")
    outgoing.post_form(f"http://{server}/token", {"code": "a b&c"}, HOME)
    outgoing.post(f"http://{server}/hook", b"{}", HOME, headers={"Webhook-Id": "1"})
    (read, form, hook) = Handler.seen
    assert read[:2] == ("GET", "/a?b=c")
    assert read[2]["authorization"] == "Bearer x"
    assert form[:2] == ("POST", "/token")
    assert (form[2]["content-type"], form[3]) == ("application/x-www-form-urlencoded", b"code=a+b%26c")
    assert (hook[2]["content-type"], hook[2]["webhook-id"], hook[3]) == ("application/json", "1", b"{}")


def test_the_name_is_asked_once_and_the_checked_address_is_used(server: str) -> None:
    """DNS rebinding: a second answer, which would lead elsewhere, is never asked for."""
    asked: list[str] = []

    def changing(host: str, _port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"] if len(asked) == 1 else ["127.0.0.2"]

    port = server.partition(":")[2]
    answer = outgoing.get(f"http://rebound.example:{port}/", HOME, resolver=changing)
    assert (answer.status, asked) == (200, ["rebound.example"])
    assert Handler.seen[0][2]["host"] == f"rebound.example:{port}"


def test_without_the_check_the_call_arrives_inside(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    port = server.partition(":")[2]
    opened = PUBLIC.model_copy(update={"outgoing_allowed": "somewhere.else"})
    url = f"http://inside.example:{port}/"
    with pytest.raises(AddressRefusedError):
        outgoing.get(url, opened, resolver=known_as("127.0.0.1"))
    assert Handler.seen == []
    monkeypatch.setattr(outgoing, "_addresses", lambda *_: ["127.0.0.1"])
    assert outgoing.get(url, opened).status == 200


def test_a_redirect_is_returned_and_not_followed(server: str) -> None:
    answer = outgoing.get(f"http://{server}/to//elsewhere", HOME)
    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
    posted = outgoing.post_form(f"http://{server}/to//elsewhere", {}, HOME)
    assert (posted.status, len(Handler.seen)) == (302, 2)


def test_redirects_are_followed_hop_by_hop_when_asked(server: str) -> None:
    answer = outgoing.get(f"http://{server}/to//to//end", HOME, redirects=2, headers={"authorization": "x"})
    assert (answer.status, answer.url) == (200, f"http://{server}/end")
    assert [seen[2].get("authorization") for seen in Handler.seen] == ["x"] * 3
    assert outgoing.get(f"http://{server}/to//to//end", HOME, redirects=1).status == 302


def test_credentials_stay_with_the_first_origin(server: str) -> None:
    port = server.partition(":")[2]
    url = f"http://{server}/to/http://other.example:{port}/end"
    outgoing.get(url, HOME, redirects=1, headers={"authorization": "x"}, resolver=known_as("127.0.0.1"))
    assert [seen[2].get("authorization") for seen in Handler.seen] == ["x", None]


@pytest.mark.parametrize(
    "target", ["http://127.0.0.1:1/", "https://127.0.0.1:1/", "https://[::ffff:127.0.0.1]/"]
)
def test_a_redirect_inside_is_refused(server: str, target: str) -> None:
    port = server.partition(":")[2]
    settings = Settings(outgoing_allowed="good.example")

    def resolver(host: str, _port: int) -> list[str]:
        return ["127.0.0.1"] if host == "good.example" else [host]

    with pytest.raises(AddressRefusedError):
        outgoing.get(f"http://good.example:{port}/to/{target}", settings, redirects=3, resolver=resolver)
    assert len(Handler.seen) == 1


def test_endless_answers_end(server: str) -> None:
    with pytest.raises(AnswerTooLargeError):
        outgoing.get(f"http://{server}/endless", HOME)


def test_slow_answers_end_though_each_step_is_quick(server: str) -> None:
    begun = time.monotonic()
    with pytest.raises(NoAnswerError):
        outgoing.get(f"http://{server}/dribble", HOME.model_copy(update={"outgoing_seconds": 0.3}))
    assert time.monotonic() - begun < 10


def test_nobody_there() -> None:
    with pytest.raises(NoAnswerError, match=r"127\.0\.0\.1 did not answer"):
        outgoing.get("http://127.0.0.1:1/", HOME)


def test_no_json(server: str) -> None:
    answer = outgoing.get(f"http://{server}/", HOME)
    for body in (b"<html>", b"[" * 100_000):
        with pytest.raises(NoAnswerError, match="not JSON"):
            outgoing.Answer(answer.url, 200, {}, body).json()


def test_no_proxy_from_the_environment(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    assert outgoing.get(f"http://{server}/", HOME).status == 200


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate for provider.example that signs itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "provider.example")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("provider.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path / "provider.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


@pytest.fixture
def secured(certificate: Path) -> Iterator[str]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    yield from _serve(context)


def test_the_certificate_must_be_of_the_name_though_the_address_is_pinned(
    secured: str, certificate: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = secured.partition(":")[2]
    local = known_as("127.0.0.1")
    with pytest.raises(NoAnswerError):  # signed by nobody that we trust
        outgoing.get(f"https://provider.example:{port}/", HOME, resolver=local)
    trusting = ssl.create_default_context(cafile=str(certificate))
    monkeypatch.setattr(outgoing, "_tls", lambda: trusting)
    assert outgoing.get(f"https://provider.example:{port}/", HOME, resolver=local).status == 200
    with pytest.raises(NoAnswerError):
        outgoing.get(f"https://impostor.example:{port}/", HOME, resolver=local)


def test_old_tls_is_not_spoken() -> None:
    assert outgoing._tls().minimum_version >= ssl.TLSVersion.TLSv1_2
    assert outgoing._tls().verify_mode is ssl.CERT_REQUIRED
    assert outgoing._tls().check_hostname


# --- there is no other door -------------------------------------------------------------------------------------------

CLIENTS = {"httpx2", "httpcore2", "urllib.request", "urllib3", "requests", "http.client", "socket", "ftplib"}
DOORS = {"app/outgoing.py"}
"""What may open connections; mail has a door of its own, to the one server that the operator names."""


def test_nothing_else_opens_connections() -> None:
    root = Path(__file__).parents[2]
    found = set()
    for path in sorted((root / "app").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            names |= {node.module} if isinstance(node, ast.ImportFrom) and node.module else set()
            if names & CLIENTS:
                found.add(path.relative_to(root).as_posix())
    assert found == DOORS
