"""Lighthouse on three pages as a telephone sees them: `python -m tests.lighthouse [TIMES]`. Needs `python -m app.web.assets --tools`.

No test: its marks for speed depend on what else the machine does, so that each page is looked at three times unless told
otherwise. It prints the middle and the worst of each mark, and ends with 1 when the middle is below its goal.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median

import httpx2

from app.web import assets, files
from tests import screens
from tests.web.browser import CHROMIUM

PAGES = ("/", "/open", "/sign-in")
GOALS = {"performance": 0.90, "accessibility": 1.0}


def look(address: str, npm: assets.Npm, report: Path) -> dict[str, float]:
    """The marks of one page, once."""
    arguments = [
        "exec", "--offline", "--", "lighthouse", address, f"--output-path={report}", "--output=json", "--quiet",
        f"--only-categories={','.join(GOALS)}", "--chrome-flags=--headless=new --no-sandbox --disable-gpu",
    ]  # fmt: skip
    subprocess.run(
        [*npm.command, *arguments], cwd=assets.ROOT, check=True,
        env={**npm.environment, "CHROME_PATH": str(CHROMIUM)},
    )  # fmt: skip
    found = json.loads(report.read_text("utf-8"))["categories"]
    return {name: found[name]["score"] for name in GOALS}


def main(times: int = 3) -> int:
    """Print the marks of each page."""
    files.require()
    npm = assets.find_npm()
    is_fine = True
    with tempfile.TemporaryDirectory() as folder, screens.demo_site(Path(folder)) as address:
        for page in PAGES:
            httpx2.get(address + page)  # the first answer after a start reads the templates
            looks = [look(address + page, npm, Path(folder, "report.json")) for _ in range(times)]
            for name, goal in GOALS.items():
                marks = [one[name] for one in looks]
                is_fine = is_fine and median(marks) >= goal
                sys.stdout.write(f"{page}: {name} {median(marks):.2f}, worst {min(marks):.2f}\n")
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main(*map(int, sys.argv[1:2])))
