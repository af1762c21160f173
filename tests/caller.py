"""A client of the tests that crosses no threads: the whole request runs where the test runs, endpoints included.

Starlette's own crosses about ten times for each request, and the frame once more for each endpoint; that costs more than most
requests do. Threads have tests of their own.
"""

from __future__ import annotations

import asyncio
import atexit
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from contextvars import ContextVar
from functools import cache
from typing import Any

import anyio.to_thread
import httpx2
from anyio.from_thread import BlockingPortal
from starlette.testclient import TestClient

_stays: ContextVar[bool] = ContextVar("request_stays_in_this_thread", default=False)
_in_thread = anyio.to_thread.run_sync


async def _in_thread_unless_it_stays(work: Callable[..., Any], *values: Any, **options: Any) -> Any:
    return work(*values) if _stays.get() else await _in_thread(work, *values, **options)


anyio.to_thread.run_sync = _in_thread_unless_it_stays


def stay() -> None:
    """From here on, run endpoints in the thread of the event loop: for one request, which is a task of its own."""
    _stays.set(True)


class Caller(TestClient):
    """Starlette's client in all but the crossing."""

    def __init__(
        self,
        app: Any,
        *,
        raise_server_exceptions: bool = True,
        client: tuple[str, int] = ("testclient", 50000),
        **options: Any,
    ) -> None:
        super().__init__(app, **options)
        service = httpx2.ASGITransport(app, raise_app_exceptions=raise_server_exceptions, client=client)
        self._transport = _Whole(service, self._portal_factory)


class _Whole(httpx2.BaseTransport):
    def __init__(
        self, service: httpx2.ASGITransport, thread: Callable[[], AbstractContextManager[BlockingPortal]]
    ) -> None:
        self.service, self.thread = service, thread

    def handle_request(self, request: httpx2.Request) -> httpx2.Response:
        request.read()
        if _can_stay():
            return _loop().run_until_complete(self._ask(request, stays=True))
        with self.thread() as portal:
            return portal.call(self._ask, request)

    async def _ask(self, request: httpx2.Request, *, stays: bool = False) -> httpx2.Response:
        if stays:
            stay()
        answer = await self.service.handle_async_request(request)
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        body = httpx2.ByteStream(b"".join([part async for part in answer.stream]))
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=body)


def _can_stay() -> bool:
    """Whether this is the thread of the tests, and no browser is driven from an event loop in it."""
    return threading.current_thread() is threading.main_thread() and asyncio._get_running_loop() is None


@cache
def _loop() -> asyncio.AbstractEventLoop:
    loop = asyncio.new_event_loop()
    atexit.register(loop.close)
    return loop
