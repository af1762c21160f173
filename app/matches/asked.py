"""How an endpoint asks for the ranking engine of its process."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from app.matches.engine import Engine


async def _engine(request: Request) -> Engine:
    # Async although it waits for nothing: a plain function would cost a hop to a thread.
    engine: Engine = request.app.state.engine
    return engine


InEngine = Annotated[Engine, Depends(_engine)]
