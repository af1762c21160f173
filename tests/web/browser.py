"""A running service, and the machine's Chromium to look at it."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from fastapi import FastAPI

CHROMIUM = Path("/usr/bin/chromium")
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
SIZES = {"phone": {"width": 360, "height": 780}, "desk": {"width": 1280, "height": 900}}
WAYS = [
    ("it", "phone", True), ("it", "desk", True), ("en", "phone", True), ("en", "desk", True), ("it", "phone", False),
]  # fmt: skip
"""Every journey is walked in all of these: language, window, whether scripts run."""
in_every_way = pytest.mark.parametrize(("language", "size", "scripts"), WAYS)


@contextmanager
def serve(app: FastAPI) -> Iterator[str]:
    """Run the service in a thread of this process, on a free port of loopback; its address."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, lifespan="off")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 60
    while not server.started:
        if time.monotonic() > deadline:
            raise RuntimeError("the service did not start")
        time.sleep(0.02)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


def new_page(context: Any) -> Any:
    """A page on which a click lasts until what it leads to has loaded, with its scripts.

    By itself it ends as soon as the next page begins to arrive: on a busy machine what one asks then, how many rows there are
    or who has the focus, is answered by half a page, or by one that no script has come to yet.
    """
    page = context.new_page()
    for name in ("click", "press"):
        setattr(page, name, _lasting(page, getattr(page, name)))
    return page


def _lasting(page: Any, act: Callable[..., None]) -> Callable[..., None]:
    def lasting(*values: Any, **named: Any) -> None:
        act(*values, **named)
        page.wait_for_load_state()

    return lasting


@contextmanager
def launch() -> Iterator[Any]:
    """The machine's Chromium, driven by Playwright."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=str(CHROMIUM), args=ARGUMENTS)
        try:
            yield browser
        finally:
            browser.close()
