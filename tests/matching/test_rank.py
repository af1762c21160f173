"""One contract, two rankers: the plain definition over everything, and the index."""

from __future__ import annotations

import gc
import pickle
import weakref
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import explained as explained_module
from matching import rank
from matching.errors import MatchingError, UnknownOpportunity, UnknownSkill
from matching.explain import explain
from matching.rank import Index
from matching.rules import hidden_by
from matching.score import by_definition
from matching.skills import Vocabulary
from matching.table import KINDS
from matching.ties import tie
from matching.types import Concept, HeldSkill, Kind, Opportunity, SkillNeed, Span, Student, Weights
from tests.matching.strategies import (
    ON,
    VOCABULARY,
    examples,
    offers,
    opportunities,
    students,
    weights,
)

pytestmark = pytest.mark.usefixtures("loops")

STUDENT = Student("s", 44.4949, 11.3426, max_km=60.0, skills=(HeldSkill("plc", 3),), interests=("robotics",))
ALIKE = [Opportunity(f"o{n}", KINDS[n % 3], 44.5, 11.35) for n in range(40)]


class Definition:
    """The brute force, with the methods of the index."""

    def __init__(self, opportunities, vocabulary, weights=None, *, on, seed=0):
        self.opportunities = {one.id: one for one in opportunities}
        self.rest = vocabulary, weights or Weights(), on, seed

    def top(self, student, k=20, kind=None, after=None):
        vocabulary, weights, on, seed = self.rest
        some = [one for one in self.opportunities.values() if kind in (None, one.kind)]
        lines = by_definition(some, student, vocabulary, weights, on, seed)
        if after is not None:
            place = -after[0], tie(seed, after[1])
            lines = [line for line in lines if (-line.score, tie(seed, line.id)) > place]
        return lines[:k]


@pytest.fixture(params=[Definition, Index])
def ranker(request):
    return request.param


def test_ranker_returns_the_best_first(ranker):
    near = Opportunity("near", Kind.VISIT, 44.5, 11.35)
    far = replace(near, id="far", latitude=44.7)
    ranking = ranker([far, near], VOCABULARY, on=ON).top(STUDENT)
    assert [line.id for line in ranking] == ["near", "far"]
    assert ranking[0].score > ranking[1].score


def test_ranker_keeps_to_kind_and_number(ranker):
    ranking = ranker(ALIKE, VOCABULARY, on=ON)
    assert len(ranking.top(STUDENT)) == 20
    assert len(ranking.top(STUDENT, 100)) == 40
    assert ranking.top(STUDENT, 0) == []
    for position, kind in enumerate(KINDS):
        found = {line.id for line in ranking.top(STUDENT, 100, kind)}
        assert found == {f"o{n}" for n in range(40) if n % 3 == position}


def test_ranker_of_nothing_returns_nothing(ranker):
    assert ranker([], VOCABULARY, on=ON).top(STUDENT) == []


def test_ranker_leaves_out_what_is_hidden(ranker):
    full = Opportunity("full", Kind.VISIT, seats_free=0)
    assert ranker([full, *ALIKE[:2]], VOCABULARY, on=ON).top(STUDENT, 1, Kind.TRAINING) == []
    assert "full" not in [line.id for line in ranker([full, *ALIKE], VOCABULARY, on=ON).top(STUDENT, 50)]


def test_ranker_orders_ties_by_seed_alone(ranker):
    orders = []
    for seed in (0, 1):
        ranking = [line.id for line in ranker(ALIKE[::3], VOCABULARY, on=ON, seed=seed).top(STUDENT, 50)]
        assert ranking == sorted(ranking, key=lambda name: tie(seed, name))
        again = ranker(ALIKE[::-3], VOCABULARY, on=ON, seed=seed)
        assert [line.id for line in again.top(STUDENT, 50, Kind.INTERNSHIP)] == ranking
        orders.append(ranking)
    assert orders[0] != orders[1]


def test_ranker_pages_without_loss_or_repetition(ranker):
    ranking = ranker(ALIKE, VOCABULARY, on=ON)
    pages, after = [], None
    while page := ranking.top(STUDENT, 7, after=after):
        pages += page
        after = page[-1].score, page[-1].id
    assert pages == ranking.top(STUDENT, 100)


def test_ranker_falls_back_on_the_second_period_for_the_young(ranker):
    """Sixteen between the two periods: free in the first, too young for it."""
    monday, tuesday = (Span(day, day) for day in (date(2026, 12, 7), date(2026, 12, 8)))
    offer = Opportunity("o", Kind.INTERNSHIP, spans=(monday, tuesday), min_age=16)
    young = replace(STUDENT, born_on=date(2010, 12, 8))
    for free, count in [((), 1), ((monday,), 0), ((tuesday,), 1), ((monday, tuesday), 1)]:
        assert (
            len(ranker([offer, *ALIKE[:3]], VOCABULARY, on=ON).top(replace(young, free=free), 50))
            == 3 + count
        )
    never = replace(offer, max_age=15)
    assert len(ranker([never], VOCABULARY, on=ON).top(young)) == 0


def test_ranker_keeps_one_students_age_out_of_anothers_calendar(ranker):
    """Both have the same days free; the younger one may only take the period that fits less well."""
    early = Span(date(2026, 12, 7), date(2026, 12, 7))
    late = Span(date(2026, 12, 8), date(2026, 12, 12))
    ranking = ranker([Opportunity("o", Kind.INTERNSHIP, spans=(early, late), min_age=16)], VOCABULARY, on=ON)
    older = replace(STUDENT, free=(Span(early.starts_on, date(2026, 12, 11)),))
    shares = [
        ranking.top(one)[0].parts["calendar"]
        for one in (older, replace(older, born_on=date(2010, 12, 8)), older)
    ]
    assert shares == [1.0, 0.8, 1.0]


def test_ranker_finds_no_free_day_in_a_period_turned_round(ranker):
    turned = Span(date(2026, 12, 20), date(2026, 12, 10))
    offer = Opportunity("o", Kind.INTERNSHIP, spans=(turned, turned))
    free = replace(STUDENT, free=(Span(ON, date(2027, 1, 1)),))
    assert ranker([offer], VOCABULARY, on=ON).top(free) == []
    [line] = ranker([offer], VOCABULARY, Weights(attendance=0.0), on=ON).top(free)
    assert line.parts["calendar"] == 0.0


def test_ranker_shows_what_is_online_whatever_the_limit(ranker):
    nowhere = replace(STUDENT, max_km=-1.0)
    assert len(ranker([ALIKE[0], Opportunity("on", Kind.VISIT)], VOCABULARY, on=ON).top(nowhere)) == 1


def test_reasons_are_worked_out_when_they_are_read(monkeypatch):
    asked = []
    monkeypatch.setattr(explained_module, "explain", lambda *some: asked.append(some) or explain(*some))
    lines = Index(ALIKE, VOCABULARY, on=ON).top(STUDENT)
    expected = Definition(ALIKE, VOCABULARY, on=ON).top(STUDENT)
    assert [(line.id, line.score, line.parts) for line in lines] == [
        (line.id, line.score, line.parts) for line in expected
    ]
    assert not asked
    assert (lines[3].gap, lines[3].reasons, lines[3].gap) == (
        expected[3].gap,
        expected[3].reasons,
        expected[3].gap,
    )
    assert len(asked) == 1
    assert pickle.loads(pickle.dumps(lines)) == expected  # noqa: S301 - our own
    assert not hasattr(lines[0], "reason")


def test_a_line_that_was_explained_lets_go_of_the_index():
    index = Index(ALIKE, VOCABULARY, on=ON)
    [line] = index.top(STUDENT, 1)
    layout = weakref.ref(index.folded())
    del index
    gc.collect()
    assert layout() is not None
    assert line.reasons
    gc.collect()
    assert layout() is None


@examples(150)
@given(offers(), students(), weights, st.sampled_from([None, *KINDS]), st.integers(0, 2), st.integers(1, 15))
def test_index_is_the_definition_to_the_bit(opportunities, student, weights, kind, seed, k):
    index = Index(opportunities, VOCABULARY, weights, on=ON, seed=seed)
    plain = Definition(opportunities, VOCABULARY, weights, on=ON, seed=seed)
    first = index.top(student, k, kind)
    assert first == plain.top(student, k, kind)
    assert index.count(student, kind) == len(plain.top(student, len(opportunities), kind))
    if first:
        after = first[-1].score, first[-1].id
        assert index.top(student, k, kind, after) == plain.top(student, k, kind, after)


@examples(300)
@given(offers(30), students(), weights, st.sampled_from([None, *KINDS]), st.integers(1, 4))
def test_shortcuts_leave_out_nothing(opportunities, student, weights, kind, k):
    """With shortcuts taken from the first row on, and with none at all, the list is the definition's."""
    index = Index(opportunities, VOCABULARY, weights, on=ON)
    expected = Definition(opportunities, VOCABULARY, weights, on=ON).top(student, k, kind)
    for many, judged in ((0, 1), (10**9, 10**9)):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(rank, "MANY", many)
            patch.setattr(rank, "JUDGED", judged)
            assert index.top(student, k, kind) == expected


@examples(60)
@given(
    offers(8),
    offers(8),
    st.lists(st.integers(0, 10), max_size=6),
    st.lists(students(), min_size=1, max_size=3),
)
def test_index_after_put_and_drop_is_the_one_built_anew(before, changes, gone, some):
    index = Index(before, VOCABULARY, on=ON)
    left = {one.id: one for one in before}
    index.top_many(some)
    for one in changes:
        index.put(one)
        left[one.id] = one
    for name in (f"o{number}" for number in gone):
        if name in left:
            index.drop(name)
            del left[name]
    rebuilt = Index(left.values(), VOCABULARY, on=ON)
    assert len(index) == len(rebuilt) == len(left)
    assert index.top_many(some, 100) == rebuilt.top_many(some, 100) == [rebuilt.top(one, 100) for one in some]
    assert [index.count(one) for one in some] == [len(index.top(one, 100)) for one in some]


@examples(60)
@given(opportunities(), st.lists(students(), max_size=6), weights)
def test_candidates_are_the_students_who_see_it_by_their_scores(offer, some, weights):
    some = [replace(one, id=f"s{number}") for number, one in enumerate(some)]
    index = Index([offer], VOCABULARY, weights, on=ON)
    expected = []
    for one in some:
        expected += [replace(line, id=one.id) for line in index.top(one)]
    expected.sort(key=lambda line: (-line.score, tie(0, line.id)))
    assert index.candidates(offer, some, 100) == expected
    assert index.candidates(offer.id, some, 2) == expected[:2]


@examples(60)
@given(opportunities(), students())
def test_index_hides_what_the_rules_hide(offer, student):
    index = Index([offer], VOCABULARY, on=ON)
    assert index.hidden_by(student, offer.id) == hidden_by(student, offer, ON)
    assert (index.top(student) == []) == (index.hidden_by(student, offer.id) is not None)


def test_index_knows_what_it_holds():
    index = Index([*ALIKE, replace(ALIKE[0], hours=9)], VOCABULARY, on=ON)
    assert len(index) == 40
    assert "o1" in index
    assert "x" not in index
    assert index["o0"].hours == 9
    for call in (
        lambda: index["x"],
        lambda: index.drop("x"),
        lambda: index.hidden_by(STUDENT, "x"),
        lambda: index.candidates("x", [STUDENT]),
    ):
        with pytest.raises(UnknownOpportunity, match="'x'") as caught:
            call()
        assert caught.value.opportunity_id == "x"


def test_index_refuses_faults_and_stays_as_it_was():
    index = Index(ALIKE, VOCABULARY, on=ON)
    for field in ("required", "wanted", "taught"):
        with pytest.raises(UnknownSkill, match="'x'"):
            index.put(replace(ALIKE[0], id="new", **{field: (SkillNeed("x"),)}))
    with pytest.raises(MatchingError, match="1 to 4, not 5"):
        index.put(replace(ALIKE[0], id="new", required=(SkillNeed("plc", 5),)))
    assert "new" not in index
    with pytest.raises(UnknownSkill, match="'x'"):
        index.top(replace(STUDENT, skills=(HeldSkill("x", 1),)))
    with pytest.raises(UnknownSkill, match="'x'"):
        index.top(replace(STUDENT, interests=("x",)))
    with pytest.raises(MatchingError, match="1 to 4, not 0"):
        index.top(replace(STUDENT, skills=(HeldSkill("plc", 0),)))
    with pytest.raises(MatchingError, match="cannot return -1"):
        index.top(STUDENT, -1)
    with pytest.raises(MatchingError, match="no part 'luck'"):
        Index([], VOCABULARY, Weights(parts={"luck": 1.0}), on=ON)


def test_index_goes_on_behind_a_line_that_has_left():
    index = Index(ALIKE, VOCABULARY, on=ON)
    ranking = index.top(STUDENT, 100)
    index.drop(ranking[4].id)
    assert index.top(STUDENT, 100, after=(ranking[4].score, ranking[4].id)) == ranking[5:]


def test_index_counts_periods_beyond_its_grid():
    ever = Span(date(1900, 1, 1), date.max)
    offer = Opportunity("ever", Kind.INTERNSHIP, spans=(ever,))
    soon = Opportunity("soon", Kind.INTERNSHIP, spans=(Span(ON, ON + timedelta(days=9)),))
    index = Index([offer, soon], VOCABULARY, on=ON)
    assert {line.id for line in index.top(replace(STUDENT, free=(ever,)))} == {"ever", "soon"}
    assert {line.id for line in index.top(replace(STUDENT, free=(soon.spans[0],)))} == {"soon"}


def test_index_looks_at_what_it_put_aside_when_the_rest_is_poor(monkeypatch):
    """The only opportunity with a fitting skill is far away and asks for more; the other one names no skill."""
    monkeypatch.setattr(rank, "MANY", 0)
    fitting = Opportunity(
        "far", Kind.INTERNSHIP, 44.9, 11.3426, required=(SkillNeed("plc"), *(SkillNeed("english", 4),) * 5)
    )
    plain = Opportunity("near", Kind.INTERNSHIP, 44.4949, 11.3426)
    index = Index([fitting, plain], VOCABULARY, on=ON)
    assert [line.id for line in index.top(STUDENT, 1)] == ["near"]
    assert [line.id for line in index.top(STUDENT, 2)] == ["near", "far"]


def test_index_answers_many_threads_alike_while_it_changes():
    index = Index(ALIKE, VOCABULARY, on=ON)
    extra = Opportunity("extra", Kind.VISIT, 44.4949, 11.3426, taught=(SkillNeed("robotics"),))
    without = index.top(STUDENT, 100)
    index.put(extra)
    within = index.top(STUDENT, 100)
    assert len(within) == len(without) + 1

    def change(turn):
        if turn % 4:
            return index.top(STUDENT, 100)
        index.put(extra)
        index.drop("extra")
        index.put(extra)
        return index.top(STUDENT, 100)

    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: index.top(STUDENT, 100), range(40)))
    assert all(answer == within for answer in answers)
    with ThreadPoolExecutor(1) as writer, ThreadPoolExecutor(3) as readers:
        writing = writer.submit(lambda: [change(turn) for turn in range(0, 80, 4)])
        for answer in readers.map(lambda turn: change(1 + 4 * turn), range(60)):
            assert answer in (within, without)
        assert all(answer == within for answer in writing.result())


@examples(60)
@given(offers(), offers(6), st.lists(students(), max_size=3), st.integers(0, 2))
def test_snapshot_holds_the_index(tmp_path_factory, before, changes, some, seed):
    """Saved with changes pending, opened elsewhere, and changed again there: always the index itself."""
    path = tmp_path_factory.mktemp("snapshot") / "index"
    index = Index(before, VOCABULARY, on=ON, seed=seed)
    for one in changes:
        index.put(one)
    index.save(path)
    opened = Index.open(path, VOCABULARY, seed=seed)
    assert opened.on == ON
    assert opened.top_many(some, 100) == index.top_many(some, 100)
    assert [opened[one.id] for one in changes] == [index[one.id] for one in changes]
    extra = Opportunity("extra", Kind.VISIT, 44.5, 11.35)
    opened.put(extra)
    index.put(extra)
    assert opened.top_many(some, 100) == index.top_many(some, 100)


def test_snapshot_of_something_else_is_refused(tmp_path):
    path = tmp_path / "index"
    Index(ALIKE, VOCABULARY, on=ON).save(path)
    other = Vocabulary([*(VOCABULARY[name] for name in VOCABULARY.ids()), Concept("new", {})])
    for vocabulary, other_weights, seed in (
        (other, None, 0),
        (VOCABULARY, Weights(attendance=0.5), 0),
        (VOCABULARY, None, 1),
    ):
        with pytest.raises(MatchingError, match="another vocabulary, other weights or another seed"):
            Index.open(path, vocabulary, other_weights, seed=seed)
    whole = path.read_bytes()
    for broken in (b"", whole[:100], whole[:-64], b"x" * 500):
        path.write_bytes(broken)
        with pytest.raises(MatchingError, match="no whole snapshot"):
            Index.open(path, VOCABULARY)


def test_index_folds_its_changes_in_time(monkeypatch):
    monkeypatch.setattr(rank, "FOLD_FROM", 3)
    index = Index(ALIKE[:5], VOCABULARY, on=ON)
    for one in ALIKE[3:20]:
        index.put(one)
        assert [line.id for line in index.top(STUDENT, 50)] == [
            line.id
            for line in Index((index[f"o{n}"] for n in range(len(index))), VOCABULARY, on=ON).top(STUDENT, 50)
        ]
    assert len(index) == 20


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        ({"id": "new\0"}, "cannot end in a zero character"),
        ({"latitude": 90.5}, "lies at latitude 90.5"),
        ({"longitude": -181.0}, "longitude -181.0"),
        ({"min_age": -1}, "an age limit of -1"),
        ({"max_age": 40_000}, "an age limit of 40000"),
        ({"seats_free": 2**31}, "has 2147483648 seats or hours"),
        ({"hours": 2**40}, "seats or hours"),
        ({"wanted": (SkillNeed("plc"),) * 256}, "names 256 skills of one sort"),
    ],
)
def test_index_refuses_what_its_columns_cannot_hold(fault, said):
    index = Index(ALIKE, VOCABULARY, on=ON)
    with pytest.raises(MatchingError, match=said):
        index.put(replace(ALIKE[0], **({"id": "new"} | fault)))
    assert sorted(one.id for one in index) == sorted(one.id for one in ALIKE)


@examples(100)
@given(offers(), offers(6))
def test_index_gives_back_what_was_put_in(before, changes):
    """Every field of every opportunity, whatever day it is hidden on, laid out, replaced or just come."""
    index = Index(before, VOCABULARY, on=ON)
    for one in changes:
        index.put(one)
    expected = {one.id: one for one in (*before, *changes)}
    assert {one.id: one for one in index} == expected
    assert len(index) == len(list(index))
