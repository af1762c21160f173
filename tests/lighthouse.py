"""Lighthouse on three pages as a telephone sees them: `python -m tests.lighthouse`. Needs `python -m app.web.assets --tools`.

No test: its marks for speed depend on what else the machine does. It ends with 1 when a mark is below its goal.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path

import httpx2

from app.web import assets, files
from tests import screens
from tests.web.browser import CHROMIUM

PAGES = ("/", "/open", "/sign-in")
GOALS = {"performance": 0.90, "accessibility": 1.0}


def main() -> int:
    """Print the marks of each page."""
    files.require()
    npm = assets.find_npm()
    is_fine = True
    with tempfile.TemporaryDirectory() as folder, screens.demo_site(Path(folder)) as address:
        for page in PAGES:
            httpx2.get(address + page)  # the first answer after a start reads the templates
            report = Path(folder, "report.json")
            arguments = [
                "exec", "--offline", "--", "lighthouse", address + page, f"--output-path={report}", "--output=json", "--quiet",
                f"--only-categories={','.join(GOALS)}", "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
            ]  # fmt: skip
            subprocess.run(
                [*npm.command, *arguments], cwd=assets.ROOT, check=True,
                env={**npm.environment, "CHROME_PATH": str(CHROMIUM)},
            )  # fmt: skip
            marks = {
                name: one["score"]
                for name, one in json.loads(report.read_text("utf-8"))["categories"].items()
            }
            is_fine = is_fine and all(marks[name] >= goal for name, goal in GOALS.items())
            sys.stdout.write(f"{page}: {', '.join(f'{name} {mark:.2f}' for name, mark in marks.items())}\n")
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
