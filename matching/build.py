"""Compile the inner loops of a ranking and of the linker, where a C compiler is at hand.

    python -m matching.build

Without them both are worked out with numpy: the same results, in several times the time.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from matching.kernel import LIBRARY, SOURCES, digest

FLAGS: Final = ("-std=c11", "-O3", "-ffp-contract=off", "-fPIC", "-shared", "-Wall", "-Wextra", "-Werror")
"""Sums as written: a fused multiplication and addition would round otherwise than numpy does."""


def build(target: Path = LIBRARY, flags: Sequence[str] = ()) -> bool:
    """Compile the library; False where there is no C compiler (`CC`, `cc`, `gcc` or `clang`).

    Raises
    ------
    subprocess.CalledProcessError
        The compiler refused; what it said stands on the terminal.
    """
    compiler = next(filter(shutil.which, (os.environ.get("CC", ""), "cc", "gcc", "clang")), None)
    if compiler is None:
        return False
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".compiled-") as folder:
        made = Path(folder, target.name)
        made_from = f'-DDIGEST="{digest().decode()}"'
        command = [compiler, *FLAGS, *flags, made_from, *map(str, SOURCES), "-o", str(made), "-lm"]
        subprocess.run(command, check=True)  # noqa: S603 - the machine's own compiler, on our own file
        made.replace(target)  # whoever has the old one loaded keeps it
    return True


def main() -> None:
    """Compile, or say why it could not be done: nothing depends on it but speed."""
    try:
        reason = None if build() else "no C compiler"
    except subprocess.CalledProcessError:
        reason = "the C compiler refused"
    if reason is not None:
        sys.stderr.write(
            f"Rankings and texts are worked out with numpy ({reason}): the same results, but more slowly.\n"
        )


if __name__ == "__main__":
    main()
