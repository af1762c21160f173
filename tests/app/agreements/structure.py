"""Reading the structure of a PDF that our printer makes: its tags in reading order, its language, its title.

Only what such a file needs: objects stand in the clear there, and content streams are deflated.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

_OBJECT = re.compile(rb"(\d+) 0 obj\n(.*?)\nendobj", re.DOTALL)
_KID = re.compile(rb"(\d+) 0 R|(\d+)")
_STREAM = re.compile(rb"stream\r?\n(.*)\r?\nendstream", re.DOTALL)


@dataclass
class Tag:
    """A structure element with its kids: tags, and numbers of marked contents."""

    name: str
    page: int | None
    attributes: str
    title: str
    kids: list[Tag | int] = field(default_factory=list)

    def walk(self) -> Iterator[Tag]:
        """The tag and all below it, in reading order."""
        yield self
        for kid in self.kids:
            if isinstance(kid, Tag):
                yield from kid.walk()


class Pdf:
    """A PDF's objects by number."""

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.objects = {int(number): body for number, body in _OBJECT.findall(content)}

    def one(self, mark: bytes) -> bytes:
        """The only object with this mark."""
        [found] = [body for body in self.objects.values() if mark in body]
        return found

    def root(self) -> Tag:
        """The element that everything else is in."""
        kids = self._kids(self.one(b"/Type/StructTreeRoot"))
        [root] = [self._tag(int(kid[0])) for kid in kids]
        return root

    def _kids(self, body: bytes) -> list[tuple[bytes, bytes]]:
        found = re.search(rb"/K ?\[([^\]]*)\]", body)
        return _KID.findall(found[1]) if found else []

    def _tag(self, number: int) -> Tag:
        body = self.objects[number]
        name = re.search(rb"/S ?/(\w+)", body)
        page = re.search(rb"/Pg (\d+) 0 R", body)
        title = re.search(rb"/T(?:<FEFF([0-9A-F]*)>|\(([^)]*)\))", body)
        assert name is not None
        tag = Tag(
            name[1].decode(), int(page[1]) if page else None, body.decode("latin-1"),
_text(*title.groups()) if title else "",
        )  # fmt: skip
        for reference, content in self._kids(body):
            tag.kids.append(self._tag(int(reference)) if reference else int(content))
        return tag

    def marked(self) -> int:
        """How many pieces of content are marked for a tag, in all pages."""
        return sum(len(re.findall(rb"/MCID \d+", stream)) for stream in self._streams())

    def unmarked(self) -> list[bytes]:
        """Texts that are neither in a tag nor marked as decoration."""
        loose = []
        for stream in self._streams():
            depth = 0
            for word in re.findall(rb"\b(BDC|BMC|EMC|Tj|TJ)\b", stream):
                depth += {b"BDC": 1, b"BMC": 1, b"EMC": -1}.get(word, 0)
                if depth == 0 and word in (b"Tj", b"TJ"):
                    loose.append(word)
        return loose

    def _streams(self) -> Iterator[bytes]:
        contents = {
            int(found[1])
            for body in self.objects.values()
            if (found := re.search(rb"/Contents (\d+) 0 R", body))
        }
        for number in contents:
            found = _STREAM.search(self.objects[number])
            assert found is not None
            yield zlib.decompress(found[1])


def _text(unicode: bytes | None, plain: bytes | None) -> str:
    return (
        (plain or b"").decode("ascii")
        if unicode is None
        else bytes.fromhex(unicode.decode()).decode("utf-16-be")
    )
