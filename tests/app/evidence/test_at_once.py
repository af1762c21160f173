"""Coordinators who let editions out at the same moment: one comes out, and none that was not counted against the other."""

from __future__ import annotations

from collections.abc import Callable
from threading import Barrier

import pytest

from app import errors
from app.db import Database
from app.evidence import service
from app.evidence.models import EvidenceEdition
from tests.app.evidence.test_service import POLICY, Year, a_year
from tests.factories import Factory
from tests.together import at_once

OTHER = POLICY.model_copy(update={"id": "other"})


@pytest.fixture
def year(shared: Database) -> Year:
    return a_year(Factory(shared))


def letting_out(year: Year, edition: EvidenceEdition) -> Callable[[], str]:
    """A call that releases an edition, and says so."""

    def call() -> str:
        year.release(edition)
        return "out"

    return call


def out(year: Year) -> list[EvidenceEdition]:
    with year.database.read() as session:
        return service.released(session, limit=10)


def kinds(results: list[object]) -> list[str]:
    return sorted(one if isinstance(one, str) else type(one).__name__ for one in results)


def test_a_draft_comes_out_once(year: Year) -> None:
    draft = year.count()
    assert kinds(at_once(*[letting_out(year, draft)] * 4)) == [*["EditionReleased"] * 3, "out"]
    [edition] = out(year)
    assert (edition.id, edition.content, edition.digest) == (draft.id, draft.content, draft.digest)


def test_of_two_drafts_that_know_nothing_of_each_other_one_comes_out(year: Year) -> None:
    drafts = [year.count(), year.count(OTHER)]
    assert kinds(at_once(*[letting_out(year, one) for one in drafts])) == ["EditionOvertaken", "out"]
    assert len(out(year)) == 1


def test_without_holding_the_others_both_do(year: Year, monkeypatch: pytest.MonkeyPatch) -> None:
    drafts = [year.count(), year.count(OTHER)]
    monkeypatch.setattr(service, "_hold_others", lambda *_: None)
    is_postgresql = year.database.engine.dialect.name == "postgresql"
    release, met = service.release, Barrier(2, timeout=30)

    def release_late(*arguments: object, **more: object) -> None:
        release(*arguments, **more)  # type: ignore[arg-type]
        if is_postgresql:
            met.wait()

    monkeypatch.setattr(service, "release", release_late)
    at_once(*[letting_out(year, one) for one in drafts])
    # SQLite lets one block write at a time, with or without it.
    assert len(out(year)) == (2 if is_postgresql else 1)


def test_what_is_kept_while_another_comes_out_is_counted_anew(year: Year) -> None:
    """Counted before the other was out, and kept after: it is refused, now or when it is to come out itself."""
    first = year.count()
    [territory_id] = year.coordinator.territories
    with year.database.read() as session:
        question = service.ask(session, OTHER, territory_id, start_year=2025, now=first.counted_at)
    content = service.make(question)

    def keep() -> EvidenceEdition:
        with year.database.write() as session:
            return service.save(session, year.coordinator, question, content)

    kept, _ = at_once(keep, letting_out(year, first))
    if not isinstance(kept, errors.Problem):
        assert isinstance(kept, EvidenceEdition)
        with pytest.raises(service.EditionOvertaken):
            year.release(kept)
    assert [one.id for one in out(year)] == [first.id]


def test_two_counts_of_the_same_leave_one_draft(year: Year) -> None:
    assert kinds(at_once(*[lambda: _is_kept(year)] * 2)) == ["DraftExists", "kept"]


def _is_kept(year: Year) -> str:
    year.count()
    return "kept"
