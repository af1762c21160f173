"""The survey against the plain judgement of each student on each opportunity."""

from __future__ import annotations

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from matching.rank import Index
from matching.reach import SKILLS, obstacles, unmet
from matching.survey import survey
from tests.matching.strategies import ON, VOCABULARY, examples, offers, students, tuples


@examples(100)
@given(offers(), tuples(students(), 6))
def test_a_survey_judges_as_obstacles_do(some, people):
    index = Index(some, VOCABULARY, on=ON)
    found = survey(index, people)
    assert {one.id for one in found.opportunities} == {one.id for one in some}
    for column, one in enumerate(found.opportunities):
        for line, student in enumerate(people):
            kept = obstacles(student, one, VOCABULARY, on=ON)
            assert found.visible[line, column] == (kept in ((), (SKILLS,)))
            assert found.fit[line, column] == (kept == ())
        for need in (*one.required, *one.wanted):
            met = [not unmet(student.skills, (need,), VOCABULARY) for student in people]
            assert found.holders[need].tolist() == met


@examples(20)
@given(offers(), students(), st.data())
def test_a_survey_knows_what_came_and_went(some, student, data):
    index = Index(some[:1], VOCABULARY, on=ON)
    for one in some:
        index.put(one)
    if some:
        gone = data.draw(st.sampled_from(some))
        index.drop(gone.id)
        some = [one for one in some if one.id != gone.id]
    whole, changed = survey(Index(some, VOCABULARY, on=ON), [student]), survey(index, [student])
    at = {one.id: column for column, one in enumerate(changed.opportunities)}
    assert at.keys() == {one.id for one in whole.opportunities}
    order = [at[one.id] for one in whole.opportunities]
    assert np.array_equal(whole.fit, changed.fit[:, order])


def test_without_students_or_opportunities_there_is_nothing():
    found = survey(Index([], VOCABULARY, on=ON), [])
    assert found.fit.shape == (0, 0)
    assert found.holders == {}


@examples(60)
@given(offers(), offers(), tuples(students(), 4))
def test_a_survey_after_another_is_the_same_as_the_first(before, after, people):
    known = survey(Index(before, VOCABULARY, on=ON), people)
    index = Index(after, VOCABULARY, on=ON)
    again, anew = survey(index, people, known=known), survey(index, people)
    assert again.opportunities == anew.opportunities
    assert np.array_equal(again.visible, anew.visible)
    assert np.array_equal(again.fit, anew.fit)
    assert again.holders.keys() == anew.holders.keys()
    assert all(np.array_equal(who, anew.holders[need]) for need, who in again.holders.items())
