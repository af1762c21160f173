"""The service as processes that can be killed and are there again at once: `python -m tests.crash_server FD`.

Everything is imported and built once; each line on standard input starts the service anew in a child, on the socket that was
handed over, and its process id is printed. With `BOTTEGA_CRASH_EARLY` set the child answers 201 before it does the
work: the fault that the test of crashes must see.
"""

from __future__ import annotations

import asyncio
import gc
import os
import socket
import sys
from typing import Any

import uvicorn
from sqlalchemy.orm import configure_mappers

from app.main import create_app

IS_EARLY = bool(os.environ.get("BOTTEGA_CRASH_EARLY"))
_running: set[asyncio.Task[None]] = set()


class Early:
    """Says that a POST is done, and does it afterwards."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http" or scope["method"] != "POST":
            await self.app(scope, receive, send)
            return
        body = await receive()

        async def replay() -> Any:
            return body

        async def ignore(_message: Any) -> None:
            """Nobody listens any more."""

        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})
        task = asyncio.create_task(self.app(scope, replay, ignore))
        _running.add(task)
        task.add_done_callback(_running.discard)


def main() -> None:
    """Start a service for each line that comes in; end with the input, and with the last service."""
    listening = socket.socket(fileno=int(sys.argv[1]))
    app: Any = create_app()  # opens nothing: each child makes connections of its own
    config = uvicorn.Config(Early(app) if IS_EARLY else app, log_config=None, access_log=False)
    # Once here instead of once after each kill: mappers, and the modules that the server looks for when it starts.
    configure_mappers()
    config.load()
    config.get_loop_factory()
    gc.freeze()  # what is here already is nothing for a child to look through, and so to copy
    for _ in sys.stdin:
        child = os.fork()
        if child == 0:
            uvicorn.Server(config).run(sockets=[listening])
            os._exit(0)
        print(child, flush=True)  # noqa: T201
        os.waitpid(child, 0)
        print("gone", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
