"""What the pages use of the design system: its style sheet and its symbols weigh 120 kB compressed, of which they need 17.

A rule is kept when some text of ours has all of its class names as words: templates, scripts and the modules beside this
one. That keeps a few rules too many, since "page" is a word too, and never one too few: a class put together from pieces
(`"btn-" ~ look`) has to stand somewhere as a whole, which the tests see to. It is done when the service reads its files,
and not when they are installed, so that a class may be used as soon as somebody writes it.
"""

from __future__ import annotations

import re
from collections.abc import Set
from pathlib import Path

_WORD = re.compile(r"[A-Za-z_][\w-]*")
_WRITTEN = ("templates/**/*.html", "static/*.js", "*.py")
_TEXT = r"""(?:[^{}"']|"[^"]*"|'[^']*')*"""
_COMMENT = re.compile(r"/\*[^!].*?\*/", re.DOTALL)
_PIECE = re.compile(
    r"(?P<licence>/\*!.*?\*/)"
    r"|(?P<movement>@keyframes\s+(?P<moving>[\w-]+)\s*\{(?:[^{}]*\{[^{}]*\})*[^{}]*\})"
    r"|(?P<opening>@(?:media|supports|container|layer)[^{;]*\{)"
    r"|(?P<closing>\})"
    rf"|@font-face\{{{_TEXT}\}}"  # the pages have fonts of their own
    rf"|(?P<selectors>(?![@\s]){_TEXT})\{{(?P<body>{_TEXT})\}}",
    re.DOTALL,
)
_SELECTOR = re.compile(r"(?:[^,()]|\((?:[^()]|\([^()]*\))*\))+")
_CHOICE = re.compile(r":(?:not|is|where|has)\([^()]*\)")
_CLASS = re.compile(r"\.((?:[\w-]|\\.)+)")
_SYMBOL = re.compile(r'<symbol id="([^"]+)".*?</symbol>', re.DOTALL)


class UnreadableStylesError(ValueError):
    """A style sheet that is written otherwise than this module reads them."""


def words(folder: Path) -> frozenset[str]:
    """Every word of the files under `folder`, ours only, that say how pages look."""
    files = (file for pattern in _WRITTEN for file in folder.glob(pattern))
    return frozenset(word for file in files for word in _WORD.findall(file.read_text("utf-8")))


def styles(sheet: str, named: Set[str]) -> str:
    """The rules whose class names are all among `named`, in their order. Raises UnreadableStylesError."""
    sheet = _COMMENT.sub("", sheet.removeprefix("\ufeff"))
    movements: dict[str, str] = {}
    groups: list[str] = []
    kept: list[list[str]] = [[]]
    end = 0
    for piece in _PIECE.finditer(sheet):
        if sheet[end : piece.start()].strip() or (piece["closing"] and not groups):
            break
        end = piece.end()
        if piece["licence"]:
            kept[-1].append(piece[0])
        elif piece["movement"]:
            movements[piece["moving"]] = piece[0]
        elif piece["opening"]:
            groups.append(piece["opening"])
            kept.append([])
        elif piece["closing"]:
            opening, inner = groups.pop(), "".join(kept.pop())
            kept[-1].append(f"{opening}{inner}}}" if inner else "")
        elif piece["body"]:
            wanted = [one for one in _SELECTOR.findall(piece["selectors"]) if _is_named(one, named)]
            kept[-1].append(f"{','.join(wanted)}{{{piece['body']}}}" if wanted else "")
    if groups or sheet[end:].strip():
        raise UnreadableStylesError(f"cannot read the style sheet from here on: {sheet[end : end + 80]!r}")
    rules = "".join(kept[0])
    return rules + "".join(movement for name, movement in movements.items() if name in rules)


def _is_named(selector: str, named: Set[str]) -> bool:
    """Whether all classes that the selector demands are known; those it excludes or chooses among demand nothing."""
    return all(one.replace("\\", "") in named for one in _CLASS.findall(_CHOICE.sub("", selector)))


def symbols(sprite: str, named: Set[str]) -> str:
    """The symbols whose ids are among `named`."""
    return _SYMBOL.sub(lambda found: found[0] if found[1] in named else "", sprite)
