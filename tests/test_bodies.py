"""Bodies made to hurt: too deep, too large, too many, not what they say. Each is refused before it costs anything."""

from __future__ import annotations

import gzip
import io
import time
from typing import Any

import pytest
from starlette.testclient import TestClient

from app import imports
from app.imports import ImportFault, ImportReport, Table
from tests import forms
from tests.factories import Factory

JSON = {"content-type": "application/json"}
FORM = {"content-type": "application/x-www-form-urlencoded"}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"[" * 100_000, 400),
        (b'{"text":' * 50_000, 400),
        (b'{"text": ' + b"9" * 5000 + b', "language": "it"}', 400),
        (b'{"text": NaN, "language": "it"}', 422),
        (b'{"text": "a", "language": "it", "text": ["b"]}', 422),
        (b"\xff\xfe", 400),
        (b"", 422),
        (b"null", 422),
    ],
)
def test_json_that_hurts(client: TestClient, make: Factory, body: bytes, status: int) -> None:
    begun = time.monotonic()
    answer = client.post("/api/v1/skills/recognise", content=body, headers=JSON | make.bearer())
    assert answer.status_code == status
    assert time.monotonic() - begun < 10


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/api/v1/skills/recognise", {"content-type": "text/plain"}),
        ("/api/v1/skills/recognise", {"content-type": "application/x-www-form-urlencoded"}),
        ("/api/v1/skills/recognise", {"content-type": "multipart/form-data; boundary=x"}),
        ("/api/v1/skills/recognise", {}),
    ],
)
def test_a_body_must_be_what_the_operation_takes(
    client: TestClient, make: Factory, path: str, headers: dict[str, str]
) -> None:
    answer = client.post(path, content=b'{"text": "PLC"}', headers=headers | make.bearer())
    assert answer.status_code == 415


def _parts(count: int, *, file: bool) -> dict[str, Any]:
    kind = "files" if file else "data"
    value: Any = ("name.txt", b"x") if file else "x"
    return {kind: {f"field{number}": value for number in range(count)}}


@pytest.mark.parametrize(
    "sent",
    [
        {"content": b"&".join(b"a=b" for _ in range(2000)), "headers": FORM},
        _parts(2000, file=False) | {"headers": FORM},
        _parts(1, file=True),
        _parts(2000, file=True),
        {"content": b"--x\r\n", "headers": {"content-type": "multipart/form-data"}},
        {"content": b"x" * 100, "headers": {"content-type": "multipart/form-data; boundary=x"}},
        {"data": {"language": "x" * 2_000_000}},
    ],
)
def test_forms_that_hurt(client: TestClient, sent: dict[str, Any]) -> None:
    answer = client.post("/language", **sent)
    assert answer.status_code in {400, 413, 422}


def test_a_form_says_its_media_type(client: TestClient) -> None:
    assert client.post("/language", json={"language": "en"}).status_code == 422


def test_a_compressed_file_that_never_ends_is_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(b"A\n" + (b"x" * 999 + b"\n") * 20_000)
    assert len(bomb) < 100_000

    def read() -> int:
        return sum(1 for _ in Table(io.BytesIO(bomb), required=["A"], report=ImportReport()))

    assert read() == 20_000
    monkeypatch.setattr(imports, "MAX_BYTES", 1_000_000)
    with pytest.raises(ImportFault, match="bytes of text"):
        read()


def test_tokens_are_asked_for_before_a_form_is_judged(client: TestClient) -> None:
    answer = client.post("/language", data={"language": "nonsense"}, headers={"form-token": "wrong"})
    assert answer.status_code == 403
    assert client.post("/language", data={"language": "nonsense"}).status_code == 422
    assert forms.token_of(client.get("/").text)
