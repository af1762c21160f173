"""Outlines over HTTP."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from app.web import maps


def test_outlines_are_kept_for_good_under_their_address(visit: Callable[..., Any]) -> None:
    answer = visit().get(maps.address("BO"))
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == maps.FOR_GOOD
    assert answer.headers["content-encoding"] == "gzip"
    told = json.loads(answer.content)
    assert (told["province"], len(told["municipalities"])) == ("BO", 55)
    assert visit().get("/outlines/BO.json?v=old").headers["cache-control"] == "no-cache"


def test_outlines_of_no_province_are_not_here(visit: Callable[..., Any]) -> None:
    assert visit().get("/outlines/XX.json").status_code == 404
    assert visit().get("/outlines/bologna.json").status_code == 404


def test_only_provinces_that_are_drawn_are_asked_for() -> None:
    assert maps.known(["RN", "BO", "BO", "XX"]) == ["BO", "RN"]
