"""Putting the service together; nothing happens at import."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import anyio.to_thread
from fastapi import FastAPI, Request
from starlette.responses import Response

from app import api, errors, models, web
from app.auth import oauth_api, oidc
from app.db import Database
from app.events.service_looks import Looks
from app.frame import Frame
from app.matches.engine import Engine
from app.matches.recognition import Recogniser
from app.matches.survey import Surveyor
from app.rates import Rates
from app.settings import Clock, Settings, local_clock

__all__ = ["create_app", "models"]


def create_app(
    settings: Settings | None = None, *, database: Database | None = None, clock: Clock | None = None
) -> FastAPI:
    """The whole service: pages at `/`, the API at `/api/v1`. It opens no connection before the first request.

    `clock` tells the moment in the territory's time zone; tests hold it still.
    """
    settings = settings or Settings()
    database = database or Database(settings.database_url, connections=settings.threads)

    rates = Rates(settings)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        # A thread without a connection would only wait for one.
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
        yield
        looks.flush()
        await rates.close()
        database.close()

    site = FastAPI(
        title="Bottega",
        docs_url=None,
        redoc_url=None,
        openapi_url=None,
        lifespan=life,
        telemetry=api.NO_TELEMETRY,
    )
    service = api.build()
    clock = clock or local_clock(settings)
    engine, recogniser = Engine(settings, clock), Recogniser()
    surveyor = Surveyor(engine)
    site.state.oidc = oidc.clients(settings)
    looks = Looks(database, delay_seconds=settings.look_delay_seconds)
    for part in (site, service):
        part.state.database, part.state.settings = database, settings
        part.state.clock, part.state.engine, part.state.recogniser = clock, engine, recogniser
        part.state.looks, part.state.surveyor = looks, surveyor
    site.get("/status", include_in_schema=False)(api.read_status)
    site.get("/.well-known/oauth-authorization-server", include_in_schema=False)(
        lambda: oauth_api.metadata(settings, api.PREFIX)
    )
    site.mount(api.PREFIX, service)
    web.mount(site)
    errors.install(site, render)
    site.add_middleware(
        Frame, settings=settings, rates=rates, render=render, limited=(api.PREFIX, "/calendar-feeds/")
    )
    return site


def render(request: Request, problem: errors.Problem) -> Response:
    """A problem for whoever asked: JSON below the API, a page elsewhere."""
    if request.url.path.startswith(api.PREFIX):
        return errors.as_json(request, problem)
    return web.problem_page(request, problem)
