"""The container files say what they should; nothing here needs a Docker engine."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from importlib import metadata
from itertools import takewhile
from pathlib import Path, PurePosixPath
from typing import Any

import pytest
import yaml
from packaging.requirements import Requirement

import container_trim
from app.settings import Settings
from matching.kernel import LIBRARY

ROOT = Path(__file__).parents[1]
MEGABYTE = 1_000_000
# `docker images python:3.13-slim`, rounded up: the one figure here that is not measured by the test.
BASE_IMAGE_BYTES = 125 * MEGABYTE
LEFT_OUT = ("typst",)
"""What the Dockerfile leaves out unless it is asked for."""
LARGEST_IMAGE_BYTES = 350 * MEGABYTE


@pytest.fixture(scope="module")
def instructions() -> list[tuple[str, str]]:
    text = re.sub(r"^\s*#.*\n", "", (ROOT / "Dockerfile").read_text(), flags=re.MULTILINE)
    lines = re.sub(r"\\\n\s*", "", text).splitlines()
    pairs = [line.split(maxsplit=1) for line in lines if line.strip()]
    return [(name.upper(), rest) for name, rest in pairs]


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text())
    return loaded


def test_image_has_two_stages_of_pinned_images(instructions: list[tuple[str, str]]) -> None:
    bases = [rest.split()[0] for name, rest in instructions if name == "FROM"]
    assert len(bases) == 2
    for base in bases:
        assert re.fullmatch(r"[a-z]+:\d+\.\d+(-[a-z]+)?", base), base
    assert bases[1].endswith("-slim")


def test_image_is_installed_from_locks_with_hashes(instructions: list[tuple[str, str]]) -> None:
    installs = [rest for name, rest in instructions if name == "RUN" and "pip " in rest]
    assert installs
    assert all("--require-hashes" in rest for rest in installs)
    assert "ADD" not in {name for name, _ in instructions}


def test_image_runs_as_nobody_in_particular_and_is_watched(instructions: list[tuple[str, str]]) -> None:
    final = list(takewhile(lambda pair: pair[0] != "FROM", reversed(instructions)))
    by_name = {name: rest for name, rest in final if name in {"USER", "HEALTHCHECK", "EXPOSE", "CMD"}}
    assert by_name["USER"].isdecimal()
    assert by_name["USER"] != "0"
    assert "/status" in by_name["HEALTHCHECK"]
    assert by_name["EXPOSE"] == "8000"
    assert by_name["CMD"].startswith('["python", "-m", "app", "serve"')


def test_image_has_the_compiled_loops(instructions: list[tuple[str, str]]) -> None:
    assert any("matching.build" in rest and "test -f" in rest for name, rest in instructions if name == "RUN")
    copies = [rest.split()[1:] for name, rest in instructions if name == "COPY"]
    own = LIBRARY.relative_to(ROOT).as_posix()
    assert [f"/src/{own}", own] in copies


def test_copied_files_exist_and_are_let_through(instructions: list[tuple[str, str]]) -> None:
    allowed = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copies = [rest.split() for name, rest in instructions if name == "COPY"]
    sources = [source for words in copies if not words[0].startswith("--") for source in words[:-1]]
    assert sources
    for source in sources:
        assert (ROOT / source).exists(), source
        assert PurePosixPath(source).parts[0] in allowed, source


def test_environment_variables_are_settings(
    compose: dict[str, Any], instructions: list[tuple[str, str]]
) -> None:
    known = {f"BOTTEGA_{name.upper()}" for name in Settings.model_fields}
    used = {name for service in compose["services"].values() for name in service.get("environment", {})}
    used |= {
        word.split("=")[0]
        for name, rest in instructions
        if name == "ENV"
        for word in rest.split()
        if "=" in word
    }
    ours = {name for name in used if name.startswith("BOTTEGA_")}
    assert ours
    assert ours <= known


def test_secrets_have_no_default(compose: dict[str, Any]) -> None:
    text = (ROOT / "compose.yaml").read_text()
    secret = re.findall(r"\$\{(\w*(?:PASSWORD|SECRET)\w*)(.{0,2})", text)
    assert {name for name, _ in secret} == {"POSTGRES_PASSWORD", "BOTTEGA_SECRET_KEY"}
    assert all(operator == ":?" for _, operator in secret)


def test_services_are_confined(compose: dict[str, Any]) -> None:
    services = compose["services"]
    assert set(services) == {"db", "migrate", "app", "worker"}
    for name, service in services.items():
        assert service["read_only"] is True, name
        assert "no-new-privileges:true" in service["security_opt"], name
        assert not service["image"].endswith(":latest"), name
        assert "privileged" not in service, name
    assert services["db"]["healthcheck"]["test"][1] == "pg_isready"
    assert services["app"]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}


def test_image_is_small_enough(tmp_path: Path) -> None:
    """Counts what the image would hold: base, installed packages as trimmed, and our own files."""
    if shutil.which("strip") is None:
        pytest.skip("no `strip` (binutils) on this machine")
    packages = 0
    compiled: list[tuple[Path, Path]] = []
    for file, path in _installed_files():
        if not container_trim.is_kept(file, LEFT_OUT):
            continue
        if container_trim.is_stripped(file):
            compiled.append((path, tmp_path / str(len(compiled))))
        else:
            packages += path.stat().st_size
    for source, target in compiled:
        shutil.copyfile(source, target)
    subprocess.run(["strip", "--strip-unneeded", *(target for _, target in compiled)], check=True)
    packages += sum(target.stat().st_size for _, target in compiled)
    own = sum(
        path.stat().st_size
        for folder in ("app", "matching", "migrations")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    )
    total = BASE_IMAGE_BYTES + packages + own
    print(f"image: base {BASE_IMAGE_BYTES:,} + packages {packages:,} + own files {own:,} = {total:,} bytes")  # noqa: T201
    assert packages > 100 * MEGABYTE  # the packages were found at all
    assert total <= LARGEST_IMAGE_BYTES


def _installed_files() -> Iterator[tuple[PurePosixPath, Path]]:
    """Files of the locked run-time packages in this environment, test packages excluded."""
    lock = (ROOT / "requirements.lock").read_text().replace("\\\n", " ")
    for line in lock.splitlines():
        requirement = Requirement(line.split("--hash")[0].strip())
        if requirement.marker is not None and not requirement.marker.evaluate():
            continue
        for file in metadata.files(requirement.name) or []:
            path = Path(str(file.locate()))
            if ".." not in file.parts and path.is_file():
                yield file, path
