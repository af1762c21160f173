"""A client of the tests that crosses into the service's thread once for each request, and gets whole answers.

Starlette's own crosses about ten times, so as to read an answer bit by bit; that costs more than most requests do.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import httpx2
from anyio.from_thread import BlockingPortal
from starlette.testclient import TestClient


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
        with self.thread() as portal:
            return portal.call(self._ask, request)

    async def _ask(self, request: httpx2.Request) -> httpx2.Response:
        answer = await self.service.handle_async_request(request)
        assert isinstance(answer.stream, httpx2.AsyncByteStream)
        body = httpx2.ByteStream(b"".join([part async for part in answer.stream]))
        return httpx2.Response(answer.status_code, headers=answer.headers, stream=body)
