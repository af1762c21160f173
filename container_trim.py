"""Takes out of an installed environment what a running service never reads: half of the container image otherwise.

    python container_trim.py /opt/venv [--without typst]

Goes: tests and sources of compiled modules, Babel's data for languages nobody is served in, parts of libraries that
nothing here imports, symbol tables, and the packages named with `--without`. Libraries
in `*.libs/` are left whole: their layout was rewritten when the wheel was made, and `strip` breaks such files.
"""

from __future__ import annotations

import argparse
import subprocess
from pathlib import Path, PurePath

LANGUAGES = ("en", "it")
SOURCES = {".a", ".c", ".f90", ".h", ".pxd", ".pyi", ".pyx", ".tp"}
UNUSED = (
    "alembic/testing", "joblib/test", "numpy/distutils", "numpy/f2py", "pycparser", "pygments/formatters",
    "pygments/lexers", "pygments/styles", "scipy/fftpack", "scipy/io/_fast_matrix_market", "scipy/odr",
    "scipy/signal", "sklearn/cluster", "sklearn/cross_decomposition", "sklearn/datasets", "sklearn/decomposition",
    "sklearn/ensemble", "sklearn/gaussian_process", "sklearn/inspection", "sklearn/manifold", "sklearn/mixture",
    "sklearn/neighbors", "sklearn/neural_network", "sklearn/semi_supervised", "sklearn/tree",
    "sqlalchemy/dialects/mssql", "sqlalchemy/dialects/mysql", "sqlalchemy/dialects/oracle", "sqlalchemy/testing",
    "tzdata/zoneinfo",  # the image's system has the time zones
)  # fmt: skip


def is_kept(file: PurePath, without: tuple[str, ...] = ()) -> bool:
    """Whether a file of site-packages, named relative to it, stays in the image; nothing of `without` does."""
    if file.parts[0].split("-")[0] in without or any(file.is_relative_to(part) for part in UNUSED):
        return False
    if file.suffix in SOURCES or "__pycache__" in file.parts or "tests" in file.parts[:-1]:
        return False
    if file.parts[:2] == ("babel", "locale-data"):
        return file.stem == "root" or file.stem.split("_")[0] in LANGUAGES
    return True


def is_stripped(file: PurePath) -> bool:
    """Whether the file is a compiled module whose symbol tables go."""
    return ".so" in file.suffixes and not file.parts[0].endswith(".libs")


def main(environment: Path, without: tuple[str, ...]) -> None:
    (site_packages,) = environment.glob("lib/python3*/site-packages")
    compiled = []
    for path in site_packages.rglob("*"):
        if path.is_dir():
            continue
        file = path.relative_to(site_packages)
        if not is_kept(file, without):
            path.unlink()
        elif is_stripped(file):
            compiled.append(path)
    subprocess.run(["strip", "--strip-unneeded", *compiled], check=True)  # noqa: S603, S607


if __name__ == "__main__":
    options = argparse.ArgumentParser()
    options.add_argument("environment", type=Path)
    options.add_argument("--without", action="append", default=[])
    given = options.parse_args()
    main(given.environment, tuple(given.without))
