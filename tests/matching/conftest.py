"""The two ways in which an index works: compiled, and with numpy where nothing was compiled."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from matching import kernel
from matching.build import build


@pytest.fixture(scope="session")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The loops compiled from the source as it is."""
    target = tmp_path_factory.mktemp("compiled") / kernel.LIBRARY.name
    if not build(target):
        pytest.skip("no C compiler on this machine")
    return target


@pytest.fixture(scope="module", params=["numpy", "compiled"])
def loops(request: pytest.FixtureRequest) -> Iterator[str]:
    """Both ways, one after the other."""
    path = Path("nowhere.so") if request.param == "numpy" else request.getfixturevalue("library")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(kernel, "LIBRARY", path)
        kernel.kernel.cache_clear()
        assert (kernel.kernel() is not None) == (request.param == "compiled")
        yield request.param
    kernel.kernel.cache_clear()
