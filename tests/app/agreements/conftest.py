from __future__ import annotations

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from tests.app.agreements.land import Land, settle
from tests.factories import Factory


@pytest.fixture
def land(make: Factory, client: TestClient, app: FastAPI) -> Land:
    return settle(make, client, app)
