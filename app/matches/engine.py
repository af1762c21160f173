"""The ranking index of one process, kept in step with the database.

Every request compares a few revision numbers with those that the index was built from; only what has changed since is
read again. So a process shows an opportunity in the request after its publication, whichever process published it.
Rows are read inside the caller's block, and put into the index outside of it (`Engine.changes`, then `Engine.apply`).
"""

from __future__ import annotations

import gc
import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date
from threading import Lock
from typing import Any, NamedTuple
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.db import Database, Prepared, Revision
from app.matches import filters, translate
from app.opportunities import details
from app.schools.models import SchoolClass
from app.settings import Clock, Settings
from app.skills import service as skills
from app.students import profiles
from app.students.models import Student as StudentRow
from matching import Index, Student, Vocabulary, Weights
from matching.rank import VERSION

RULES = ("vocabulary", "places", "schools", "companies")
"""Topics that change so rarely that everything is read again."""

GONE = "students_gone"
"""The topic that is touched when a student is removed: no process keeps them in memory past its next request."""

Stamp = tuple[int, int, tuple[int, ...]]
"""Versions of a student, of the class, and of everything that is read again as a whole."""


@dataclass(frozen=True, slots=True)
class Changes:
    """What a read block has found to be newer than the index."""

    opportunities: int
    rules: tuple[int, ...]
    students_gone: int
    on: date
    vocabulary: Vocabulary | None = None
    rows: tuple[details.Detail, ...] = ()
    gone: tuple[UUID, ...] = ()


class Placed(NamedTuple):
    """A student's id, and what decides who may see the student."""

    id: UUID
    school_id: UUID
    class_id: UUID


@dataclass(frozen=True, slots=True)
class Known:
    """A student as the engine knows them, with what the lists show of a candidate."""

    stamp: Stamp
    student: Student
    profile: profiles.Profile


@dataclass(slots=True)
class State:
    """An index, what it was built from, and a card for each of its opportunities."""

    index: Index
    opportunities: int
    rules: tuple[int, ...]
    cards: dict[str, dict[str, Any]] = field(default_factory=dict)
    companies: dict[str, UUID] = field(default_factory=dict)
    facets: dict[str, filters.Facets] = field(default_factory=dict)


class Engine:
    """One per process. Its methods may be called from any thread."""

    def __init__(self, settings: Settings, clock: Clock, *, weights: Weights | None = None) -> None:
        self._clock = clock
        self.weights = weights or Weights()
        self.seed = settings.matching_seed
        self.turn = Lock()
        """Held while a student's ranking is computed: threads that compute at once only slow one another down."""
        self._secret = settings.secret_key.get_secret_value().encode()
        self._state: State | None = None
        self._lock = Lock()
        self.counted: dict[UUID, tuple[object, int]] = {}
        """How many candidates an opportunity has, and what that was counted from."""
        self._known: dict[UUID, Known] = {}
        self._students_gone = 0
        """Up to which revision of `GONE` those who are gone have been forgotten."""
        self._knowing = Lock()
        """Held while students are put into `_known` or forgotten: never for long, since a block is open then."""

    def today(self) -> date:
        """The day of the ranking."""
        return self._clock().date()

    # --- opportunities ----------------------------------------------------------------------------------------------

    def changes(self, session: Session) -> Changes:
        """Read what the index lacks; one query when it lacks nothing."""
        return self._lacking(session, _revisions.one_or_none(session))

    def _lacking(self, session: Session, numbers: Any) -> Changes:
        students_gone = numbers.students_gone or 0
        if students_gone > self._students_gone:
            self._forget_gone(session, students_gone)
        opportunities = numbers.opportunities or 0
        rules = tuple(getattr(numbers, topic) or 0 for topic in RULES)
        on, state = self.today(), self._state
        if state is None or state.rules != rules or state.index.on != on:
            found = details.load_published(session)
            vocabulary = translate.vocabulary(skills.vocabulary_rows(session))
            return Changes(opportunities, rules, students_gone, on, vocabulary, tuple(found))
        if state.opportunities >= opportunities:
            return Changes(opportunities, rules, students_gone, on)
        found, gone = details.load_changed(session, since=state.opportunities)
        return Changes(opportunities, rules, students_gone, on, None, tuple(found), tuple(gone))

    def apply(self, changes: Changes) -> State:
        """Bring the index up to date, outside of any block, and return it."""
        state = self._state
        if state is not None and changes.vocabulary is None and changes.opportunities <= state.opportunities:
            return state
        del state  # lest an index that is replaced now be hidden again by `settle`
        with self._lock:
            if changes.vocabulary is not None and self._is_news(changes):
                return self._rebuild(changes, changes.vocabulary)
            state = self._state
            if state is None:
                raise RuntimeError("there is no index to change yet")
            if changes.opportunities > state.opportunities:
                self._put(state, changes)
            return state

    def _is_news(self, changes: Changes) -> bool:
        state = self._state
        return state is None or (changes.rules, changes.opportunities, changes.on) != (
            state.rules, state.opportunities, state.index.on,
        )  # fmt: skip

    @contextmanager
    def still(self, changes: Changes) -> Iterator[State]:
        """The index up to date, and nothing put into it until the block ends: keep it short."""
        state = self.apply(changes)
        with self._lock:
            yield self._state or state

    def _rebuild(self, changes: Changes, vocabulary: Vocabulary) -> State:
        index = Index(
            (translate.opportunity(row) for row in changes.rows),
            vocabulary, self.weights, on=changes.on, seed=self.seed,
        )  # fmt: skip
        state = State(index, changes.opportunities, changes.rules)
        self._show(state, changes.rows)
        self._state = state
        if gc.get_freeze_count():
            settle()
        return state

    def _put(self, state: State, changes: Changes) -> None:
        self._show(state, changes.rows)
        for row in changes.rows:
            state.index.put(translate.opportunity(row))
        for gone in changes.gone:
            if str(gone) in state.index:
                state.index.drop(str(gone))
        state.opportunities = changes.opportunities

    @staticmethod
    def _show(state: State, rows: Iterable[details.Detail]) -> None:
        for row in rows:
            state.cards[str(row.id)] = translate.card(row)
            state.companies[str(row.id)] = row.company_id
            state.facets[str(row.id)] = filters.facets(row, state.index.vocabulary)

    def warm_up(self, database: Database) -> None:
        """Build the index and get to know the students before somebody waits for it."""
        with database.read() as session:
            changes = self.changes(session)
            classes = list(session.scalars(sa.select(_STUDENTS.class_id).distinct()))
        self.apply(changes)
        for class_id in classes:
            with database.read() as session:
                self.students(session, changes, _STUDENTS.class_id == class_id)

    # --- students -----------------------------------------------------------------------------------------------------

    def student(
        self, session: Session, student_id: UUID, *, may_see: Callable[[Placed], bool]
    ) -> tuple[Changes, Known] | None:
        """What the index lacks, and a student whom the caller may see; one query when all is known.

        Whom the caller may not see costs no more than one who does not exist.

        Who is not known yet comes with the whole class: one question about a student is seldom the last about the
        class, and the queries cost little more for all of them.
        """
        row = _student_and_revisions.one_or_none(session, student_id=student_id)
        if row is None or not may_see(Placed(row.id, row.school_id, row.class_id)):
            return None
        changes = self._lacking(session, row)
        known = self._known.get(student_id)
        if known is None or known.stamp != (row.version, row.class_version, changes.rules):
            of_class = self.students(session, changes, _STUDENTS.class_id == row.class_id)
            known = next(one for one in of_class if one.profile.id == student_id)
        return changes, known

    def students(
        self, session: Session, changes: Changes, wanted: sa.ColumnElement[bool] | None = None
    ) -> list[Known]:
        """The students that meet a condition, all if there is none; only those that have changed are read in full."""
        found = session.execute(_versions if wanted is None else _versions.where(wanted)).all()
        stamps = {row.id: (row.version, row.class_version, changes.rules) for row in found}
        known = {
            student_id: one
            for student_id, stamp in stamps.items()
            if (one := self._known.get(student_id)) is not None and one.stamp == stamp
        }
        stale = [student_id for student_id in stamps if student_id not in known]
        if stale:
            fresh = {
                profile.id: Known(stamps[profile.id], translate.student(profile), profile)
                for profile in profiles.load(session, stale)
            }
            self._keep(fresh, changes)
            known |= fresh
        return [known[student_id] for student_id in stamps]

    def _keep(self, fresh: Mapping[UUID, Known], changes: Changes) -> None:
        with self._knowing:
            # Whoever read before somebody went, and is slow, must not bring them back.
            if changes.students_gone >= self._students_gone:
                self._known |= fresh

    def _forget_gone(self, session: Session, number: int) -> None:
        present = set(session.scalars(sa.select(_STUDENTS.id)))
        with self._knowing:
            for student_id in self._known.keys() - present:
                del self._known[student_id]
            self._students_gone = max(self._students_gone, number)

    def pseudonym(self, company_id: UUID, student_id: UUID) -> str:
        """A candidate's name for one company: always the same there, and another one elsewhere."""
        digest = hmac.digest(self._secret, company_id.bytes + student_id.bytes, hashlib.sha256)
        letters = "".join(_LETTERS[byte % len(_LETTERS)] for byte in digest[:8])
        return f"{letters[:4]}-{letters[4:]}"

    # --- how it was made ----------------------------------------------------------------------------------------------

    def making(self) -> dict[str, Any]:
        """Algorithm, weights, seed and day: enough to make a ranking again."""
        return {
            "algorithm": f"bottega-{VERSION}",
            "weights": translate.weights(self.weights),
            "seed": self.seed,
            "ranked_on": self.today().isoformat(),
        }


def settle() -> None:
    """Hide what is there now from the garbage collector, for a process that serves from here on.

    Students and cards are half a million objects that live long; to look through them stops all threads for half a
    second. What was hidden before and has gone out of use is collected first.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()


_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"  # without those that are mistaken for one another

# Plain columns: those of the classes cost three times as much to read.
_STUDENTS, _CLASSES, _REVISIONS = (table.__table__.c for table in (StudentRow, SchoolClass, Revision))
_numbers = [
    sa.select(_REVISIONS.number).where(_REVISIONS.topic == topic).scalar_subquery().label(topic)
    for topic in ("opportunities", GONE, *RULES)
]
_revisions = Prepared(sa.select(*_numbers))
_versions = (
    sa.select(
        _STUDENTS.id, _STUDENTS.school_id, _STUDENTS.class_id, _STUDENTS.version,
        _CLASSES.version.label("class_version"),
    )
    .join_from(StudentRow.__table__, SchoolClass.__table__, _CLASSES.id == _STUDENTS.class_id)
)  # fmt: skip
_student_and_revisions = Prepared(
    _versions.add_columns(*_numbers).where(_STUDENTS.id == sa.bindparam("student_id"))
)
