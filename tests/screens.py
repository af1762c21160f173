"""Pictures of the main pages on the demo territory: `python -m tests.screens` writes `docs/screens/` anew."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from app import demo, migrate, reference
from app.db import Database
from app.main import create_app
from app.settings import Settings
from app.web import files
from tests import forms
from tests.web.browser import launch, serve

FOLDER = Path(__file__).parents[1] / "docs" / "screens"
LARGEST = 200_000
STUDENT, TEACHER, COMPANY, COORDINATOR = (
    f"{one}@demo.example" for one in ("giulia.studentessa", "marco.docente", "roberto.azienda", "silvia.rete")
)


class Screen(NamedTuple):
    """A picture: who looks where, what is clicked first, and how large the window is."""

    name: str
    persona: str | None
    path: str
    click: str | None
    width: int
    height: int
    scale: int = 1


SCREENS = (
    Screen("home", None, "/", None, 1280, 1000),
    Screen("student-1280", STUDENT, "/start", None, 1280, 1100),
    Screen("student-360", STUDENT, "/start", None, 360, 800, 2),
    Screen("student-map", STUDENT, "/start", "main a[href*='show=map']", 1280, 1000),
    Screen("teacher-board", TEACHER, "/start", "main a[href^='/classes/']", 1280, 1000),
    Screen("company-need", COMPANY, "/start", "main a[href$='/need']", 360, 800, 2),
    Screen("company-candidates", COMPANY, "/start", "main a.btn[href$=candidates] >> nth=3", 1280, 1000),
    Screen("coordination", COORDINATOR, "/coordination", None, 1280, 1000),
    Screen("coordination-supply", COORDINATOR, "/coordination/supply", None, 1280, 1000),
)


@contextmanager
def demo_site(folder: Path) -> Iterator[str]:
    """The service with the demo territory; its address."""
    url = f"sqlite:///{folder / 'demo.sqlite3'}"
    database = Database(url)
    migrate.upgrade(database.engine)
    reference.load_reference(database, quiet=True)
    demo.load(database, demo.Size(), on=date.today(), quiet=True)  # noqa: DTZ011
    with serve(create_app(Settings(database_url=url), database=database)) as address:
        yield address
    database.close()


def take(browser: Any, address: str, screen: Screen) -> bytes:
    """The picture, as PNG."""
    context = browser.new_context(
        viewport={"width": screen.width, "height": screen.height}, device_scale_factor=screen.scale,
        locale="it-IT", base_url=address,
    )  # fmt: skip
    if screen.persona:
        forms.send(context, "/sign-in", persona=screen.persona)
    page = context.new_page()
    page.goto(screen.path)
    if screen.click:
        page.click(screen.click)
    page.wait_for_load_state("networkidle")
    picture: bytes = page.screenshot()
    context.close()
    return picture


def main() -> int:
    """Write all pictures; 1 when one is too large to be kept in the repository."""
    files.require()
    FOLDER.mkdir(parents=True, exist_ok=True)
    is_fine = True
    with tempfile.TemporaryDirectory() as folder, demo_site(Path(folder)) as address, launch() as browser:
        for screen in SCREENS:
            picture = take(browser, address, screen)
            (FOLDER / f"{screen.name}.png").write_bytes(picture)
            is_fine = is_fine and len(picture) <= LARGEST
            sys.stderr.write(f"screens: {screen.name}.png, {len(picture) // 1000} kB\n")
    return 0 if is_fine else 1


if __name__ == "__main__":
    sys.exit(main())
