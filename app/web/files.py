"""The files that browsers load: read once, compressed once, named by their content in the page that asks for them."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from starlette.datastructures import Headers, QueryParams
from starlette.exceptions import HTTPException
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from app.web import kit

FOLDER = Path(__file__).parent / "static"
PREFIX = "/static"
NEEDED = "vendor/manifest.json"
KIT = "vendor/bootstrap-italia.min.css"
SYMBOLS = "vendor/sprites.svg"
SHEET = "style.css"
"""The one style sheet of every page: the kit's, this one and the fonts, so that a first view waits for one answer."""
_TEXT = {".css", ".js", ".svg", ".txt", ".json"}
_URL = re.compile(r'url\("(?![a-z]+:)([^"?#]+)"\)')
_FOR_GOOD = "public, max-age=31536000, immutable"


class MissingFilesError(RuntimeError):
    """The browser files of others are not installed."""


@dataclass(frozen=True)
class File:
    """One file, ready to be sent."""

    media_type: str
    plain: bytes
    packed: bytes | None
    tag: str


def _made(name: str, plain: bytes) -> File:
    packed = gzip.compress(plain, 9, mtime=0) if Path(name).suffix in _TEXT else None
    media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
    return File(media_type, plain, packed, hashlib.sha256(plain).hexdigest()[:16])


class Files:
    """The application under `/static`. An address with `?v=` and the right tag may be kept for good."""

    def __init__(self, folder: Path) -> None:
        contents = {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file()
        }
        if NEEDED in contents:
            named = kit.words(folder.parent)
            contents[KIT] = kit.styles(contents[KIT].decode(), named).encode()
            contents[SYMBOLS] = kit.symbols(contents[SYMBOLS].decode(), named).encode()
            del contents[NEEDED]
        sheet = b"\n".join(contents.pop(name, b"") for name in (KIT, SHEET, "fonts.css")).decode()
        self.files = {name: _made(name, content) for name, content in contents.items()}
        # Last, since it names other files, which must have their tags by then.
        sheet = _URL.sub(lambda found: f'url("{self._relative(found[1])}")', sheet)
        self.files[SHEET] = _made(SHEET, sheet.encode())

    def _relative(self, name: str) -> str:
        file = self.files.get(name)
        return f"{name}?v={file.tag}" if file else name

    def address(self, name: str) -> str:
        """Where the file is, with its tag; a file that is not there has none."""
        return f"{PREFIX}/{self._relative(name)}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        file = self.files.get(scope["path"].removeprefix(scope.get("root_path", "")).lstrip("/"))
        if file is None:
            raise HTTPException(404)
        if scope["method"] not in {"GET", "HEAD"}:
            raise HTTPException(405, headers={"Allow": "GET, HEAD"})
        asked = Headers(scope=scope)
        is_named = QueryParams(scope["query_string"]).get("v") == file.tag
        headers = {
            "cache-control": _FOR_GOOD if is_named else "no-cache",
            "etag": f'"{file.tag}"',
            "vary": "Accept-Encoding",
        }
        if asked.get("if-none-match") == headers["etag"]:
            await Response(status_code=304, headers=headers)(scope, receive, send)
            return
        body = file.plain
        if file.packed is not None and "gzip" in asked.get("accept-encoding", ""):
            body, headers["content-encoding"] = file.packed, "gzip"
        response = Response(body, headers=headers, media_type=file.media_type)
        await response(scope, receive, send)


@cache
def load() -> Files:
    """The files of this installation."""
    return Files(FOLDER)


def require() -> None:
    """Refuse to start without the browser files."""
    if not (FOLDER / NEEDED).is_file():
        raise MissingFilesError("The browser files are missing: run `python -m app.web.assets`.")
