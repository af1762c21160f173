"""The checks of `make lint` see what they are for."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests import supply

PINNED = "thing==1.0 \\\n    --hash=sha256:00\n"


def test_every_package_is_pinned() -> None:
    assert list(supply.lock_faults()) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("thing==1.0\n", "no hash"),
        ("thing>=1.0 \\\n    --hash=sha256:00\n", "not pinned"),
        (PINNED + "--index-url=https://somewhere.example\n", "names an address"),
        (PINNED.replace("1.0", "2.0"), "several versions"),
    ],
)
def test_what_is_not_pinned_is_found(tmp_path: Path, text: str, fault: str) -> None:
    (tmp_path / "requirements.lock").write_text(PINNED)
    (tmp_path / "requirements-dev.lock").write_text(text)
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": {"": {}}}))
    assert any(fault in one for one in supply.lock_faults(tmp_path))


@pytest.mark.parametrize(
    ("package", "fault"), [({}, "no hash"), ({"integrity": "sha512-x", "resolved": "https://x"}, "address")]
)
def test_browser_files_are_pinned_too(tmp_path: Path, package: dict[str, str], fault: str) -> None:
    (tmp_path / "package-lock.json").write_text(json.dumps({"packages": {"": {}, "node_modules/x": package}}))
    assert any(fault in one for one in supply.lock_faults(tmp_path))


def test_a_secret_is_found(tmp_path: Path) -> None:
    key = "-----BEGIN RSA " + "PRIVATE KEY-----"
    (tmp_path / "deploy.py").write_text(f'KEY = """{key}\nMIIEow"""\n')
    assert [file for file, _, _ in supply.secrets(["deploy.py"], tmp_path)] == ["deploy.py"]


def test_each_known_secret_has_a_reason() -> None:
    assert supply.known_secrets()
