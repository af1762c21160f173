"""Browser files: what is served is what the lock says, and failures speak plainly."""

from __future__ import annotations

import importlib.util
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from app.web import assets

STATIC = assets.ROOT / "app" / "web" / "static"
VENDOR = STATIC / "vendor"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project folder with the lock and a finished `vendor/`."""
    for name in (*assets.NPM_FILES, "requirements-node.lock"):
        shutil.copyfile(assets.ROOT / name, tmp_path / name)
    shutil.copytree(VENDOR, tmp_path / "app" / "web" / "static" / "vendor")
    return tmp_path


def test_versions_are_those_of_the_lock() -> None:
    lock = json.loads((assets.ROOT / "package-lock.json").read_text())["packages"]
    for file in json.loads((VENDOR / "manifest.json").read_text())["files"]:
        assert file["version"] == lock[f"node_modules/{file['package']}"]["version"], file["name"]


def test_fonts_of_the_style_sheet_exist() -> None:
    addresses = re.findall(r'url\("([^"]+)"\)', (STATIC / "fonts.css").read_text())
    assert len(addresses) == 4
    assert [address for address in addresses if not (STATIC / address).is_file()] == []


def test_nothing_is_built_twice(root: Path) -> None:
    assert assets.build(root) is False


@pytest.mark.parametrize("damage", ["changed file", "missing file", "changed lock", "broken manifest"])
def test_damage_is_repaired(root: Path, monkeypatch: pytest.MonkeyPatch, damage: str) -> None:
    vendor = root / "app" / "web" / "static" / "vendor"
    if damage == "changed file":
        (vendor / "htmx.min.js").write_text("changed")
    elif damage == "missing file":
        (vendor / "sprites.svg").unlink()
    elif damage == "changed lock":
        (root / "package-lock.json").write_text("{}")
    else:
        (vendor / "manifest.json").write_text("{")

    def install(_root: Path, *, folder: Path, tools: bool) -> None:
        assert tools is False
        for asset in assets.ASSETS:
            target = folder / "node_modules" / asset.package / asset.source
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(VENDOR / asset.target, target)
            (folder / "node_modules" / asset.package / "package.json").write_text('{"version": "1.0.0"}')

    monkeypatch.setattr(assets, "install", install)
    assert assets.build(root) is True
    assert (vendor / "htmx.min.js").read_bytes() == (VENDOR / "htmx.min.js").read_bytes()
    assert assets.build(root) is False
    assert not (root / "node_modules" / ".assets").exists()


def test_failed_npm_keeps_what_was_there(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (root / "package-lock.json").write_text("{}")
    failing = "import sys; sys.exit('npm error code ECONNREFUSED')"
    npm = assets.Npm((sys.executable, "-c", failing), {}, "a test")
    monkeypatch.setattr(assets, "find_npm", lambda _root: npm)
    with pytest.raises(assets.AssetsError, match=r"ECONNREFUSED\nnpm could not install"):
        assets.build(root)
    assert (root / "app" / "web" / "static" / "vendor" / "htmx.min.js").is_file()


def test_node_comes_from_a_wheel_where_there_is_none(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[list[str]] = []

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        asked.append(command)
        return subprocess.CompletedProcess(command, 1, "", "ERROR: no network")

    monkeypatch.setenv("PATH", str(root))
    monkeypatch.setattr(importlib.util, "find_spec", lambda _name: None)
    monkeypatch.setattr(subprocess, "run", run)
    with pytest.raises(assets.AssetsError, match="no npm on this machine, and Node"):
        assets.find_npm(root)
    assert asked[0][1:] == [
        "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(root / "requirements-node.lock"),
    ]  # fmt: skip
