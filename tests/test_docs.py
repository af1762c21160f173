"""The documents say what the code does: settings, problems, commands, links."""

from __future__ import annotations

import pkgutil
import re
import shlex
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
import typer
from pydantic import SecretStr

import app
from app.cli import app as cli
from app.errors import Problem
from app.settings import Settings

for module in pkgutil.walk_packages(app.__path__, "app."):
    if not module.name.endswith(("__main__", ".build")):
        import_module(module.name)  # a problem is known once its module is loaded

ROOT = Path(__file__).parents[1]
GUIDES = sorted(path for path in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")))
READMES = sorted(ROOT.glob("app/**/README.md"))


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


# --- settings ---------------------------------------------------------------------------------------------------------


def settings_table() -> str:
    """The operator guide's table, from the settings themselves."""
    lines = ["| variable | default | meaning |", "|---|---|---|"]
    for name, field in Settings.model_fields.items():
        is_secret = isinstance(field.default, SecretStr)
        default = "a public one, refused in production" if is_secret else f"`{field.default}`"
        lines.append(f"| `BOTTEGA_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines)


def test_the_operator_guide_lists_every_setting() -> None:
    guide = (ROOT / "docs/operator-guide.md").read_text()
    [written] = re.findall(r"<!-- settings -->\n(.*?)\n<!-- /settings -->", guide, re.DOTALL)
    assert written == settings_table()


# --- problems ---------------------------------------------------------------------------------------------------------


def problems(kind: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """The service's own; tests make some of theirs."""
    for subclass in kind.__subclasses__():
        if subclass.__module__.startswith("app."):
            yield subclass
        yield from problems(subclass)


def test_every_problem_is_explained() -> None:
    table = (ROOT / "docs/problem-types.md").read_text()
    rows = re.findall(r"^\| (\d{3}) \| `([a-z-]+)` \| (.+?) \| (.+?) \|$", table, re.MULTILINE)
    known = {(str(kind.status), kind.slug()) for kind in problems()}
    assert {(status, slug) for status, slug, _, _ in rows} == known
    assert len(rows) == len(known)


def test_no_two_problems_share_a_type() -> None:
    slugs = [kind.slug() for kind in problems()]
    assert len(set(slugs)) == len(slugs)


# --- links ------------------------------------------------------------------------------------------------------------


def headings(path: Path) -> set[str]:
    """Anchors as the usual hosts make them."""
    found = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in found}


@pytest.mark.parametrize("path", GUIDES + READMES, ids=name_of)
def test_every_link_leads_somewhere(path: Path) -> None:
    text = re.sub(r"```.*?```", "", path.read_text(), flags=re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"[a-z]+:", target):
            continue
        file, _, anchor = target.partition("#")
        linked = (path.parent / file).resolve() if file else path
        assert linked.exists(), f"{path.name}: {target}"
        assert not anchor or anchor in headings(linked), f"{path.name}: {target}"


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_every_file_that_is_named_exists(path: Path) -> None:
    for file in re.findall(
        r"`((?:app|docs|matching|migrations|tests|benchmarks)/[\w./-]+)`", path.read_text()
    ):
        if "vendor" not in file:
            assert (ROOT / file).exists(), f"{path.name}: {file}"


# --- commands ---------------------------------------------------------------------------------------------------------


def commands(path: Path, start: str) -> list[str]:
    """What follows `start` in the code of a document, up to the end of the command."""
    found = re.findall(r"```(?:sh|console)\n(.*?)```|`([^`\n]+)`", path.read_text(), re.DOTALL)
    code = "\n".join(block or inline for block, inline in found)
    code = re.sub(r"\\\n\s*", "", code)
    return re.findall(rf"(?:^|[\s(\"/]){start}(?![\w.])([^\n;&|#\")]*)", code)


@pytest.mark.parametrize("path", GUIDES, ids=name_of)
def test_every_make_target_exists(path: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    for words in commands(path, "make"):
        for word in shlex.split(words):
            assert word in targets or "=" in word or word.startswith("-") or word == "TARGET", f"make {word}"


@pytest.mark.parametrize("path", GUIDES + READMES, ids=name_of)
def test_every_command_exists_with_its_options(path: Path) -> None:
    for words in commands(path, "python -m app"):
        command: Any = typer.main.get_command(cli)
        for word in shlex.split(words.replace("'", "")):
            if word.startswith("--"):
                options = {option for parameter in command.params for option in parameter.opts}
                assert word.partition("=")[0] in options, f"{command.name} {word} in {path.name}"
            elif hasattr(command, "commands") and word != "…":
                assert word in command.commands, f"{command.name} {word} in {path.name}"
                command = command.commands[word]


def test_the_commands_are_found() -> None:
    assert any(
        "serve --prepare" in words for words in commands(ROOT / "docs/operator-guide.md", "python -m app")
    )
    assert any("lint-docker" in words for words in commands(ROOT / "docs/operator-guide.md", "make"))
