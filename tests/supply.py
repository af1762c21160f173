"""What comes in from elsewhere and what must never go in: `python -m tests.supply locks|secrets`, without a network.

`locks`: every package is pinned, with hashes, from no address of its own, and has one version in all lock files.
`secrets`: nothing in the repository looks like a secret, except what `tests/known_secrets.toml` lists with a reason.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
KNOWN = ROOT / "tests/known_secrets.toml"
_REQUIREMENT = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)(?:\[[^\]]+\])?==(?P<version>[^ ;\\]+)")
_INVENTED = {"Secret Keyword", "Basic Auth Credentials"}
"""Tests are full of passwords of people who do not exist; keys and tokens are looked for there as everywhere."""
_NOT_READ = re.compile(r"(\.lock|package-lock\.json|\.csv|\.po|\.svg|\.png|known_secrets\.toml)$")


def lock_faults(root: Path = ROOT) -> Iterator[str]:
    """What is not pinned as it must be."""
    versions: dict[str, set[tuple[str, str]]] = {}
    for path in sorted(root.glob("requirements*.lock")):
        for entry in _entries(path.read_text("utf-8")):
            found = _REQUIREMENT.match(entry)
            if found is None:
                yield f"{path.name}: not pinned: {entry.split(' ')[0]}"
                continue
            if "--hash=sha256:" not in entry:
                yield f"{path.name}: no hash: {found['name']}"
            marker = entry.partition(";")[2].partition("\\")[0].strip()
            versions.setdefault(f"{found['name']} {marker}", set()).add((path.name, found["version"]))
        if re.search(r"https?://|^--(extra-)?index-url|^-e |^git\+", path.read_text("utf-8"), re.MULTILINE):
            yield f"{path.name}: names an address"
    for name, found_versions in versions.items():
        if len({version for _, version in found_versions}) > 1:
            yield f"{name}: several versions: {sorted(found_versions)}"
    lock = json.loads((root / "package-lock.json").read_text("utf-8"))
    for name, package in lock["packages"].items():
        if name and not package.get("link") and not package.get("integrity", "").startswith("sha512-"):
            yield f"package-lock.json: no hash: {name}"
        if "resolved" in package:
            yield f"package-lock.json: names an address: {name}"


def _entries(text: str) -> Iterator[str]:
    """Each requirement with its hashes."""
    for entry in re.split(r"(?<!\\)\n", text):
        if entry.strip() and not entry.startswith("#"):
            yield entry


def secrets(paths: list[str], root: Path = ROOT) -> set[tuple[str, str, int]]:
    """What looks like a secret: file, hash, line."""
    from detect_secrets.core.secrets_collection import SecretsCollection
    from detect_secrets.settings import default_settings

    found = SecretsCollection(root=str(root))
    with default_settings():
        for path in paths:
            if not _NOT_READ.search(path):
                found.scan_file(path)
    return {
        (file, secret.secret_hash, secret.line_number)
        for file, secret in found
        if not (file.startswith("tests/") and secret.type in _INVENTED)
    }


def known_secrets() -> set[tuple[str, str]]:
    """What may look like a secret, each with its reason."""
    entries = tomllib.loads(KNOWN.read_text("utf-8"))["known"]
    return {(entry["file"], one) for entry in entries if entry["why"] for one in entry["hashes"]}


def secret_faults() -> Iterator[str]:
    """What looks like a secret and is not known; what is known and gone."""
    listed = subprocess.run(["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True)
    found, known = secrets(listed.stdout.splitlines()), known_secrets()
    for file, hashed, line in sorted(found):
        if (file, hashed) not in known:
            yield f"{file}:{line}: looks like a secret; if it is none, list {hashed} in {KNOWN.name} and say why"
    for file, hashed in sorted(known - {(file, hashed) for file, hashed, _ in found}):
        yield f"{KNOWN.name}: {hashed} is no longer in {file}"


def main() -> int:
    """1 when there is a fault."""
    faults = list({"locks": lock_faults, "secrets": secret_faults}[sys.argv[1]]())
    sys.stdout.writelines(f"{fault}\n" for fault in faults)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
