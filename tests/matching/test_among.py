"""Only some of the opportunities: the same scores in the same order as among all."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from matching import Index
from tests.matching.strategies import ON, VOCABULARY, examples, offers, students

pytestmark = pytest.mark.usefixtures("loops")


@examples(40)
@given(some=offers(), later=offers(), student=students(), data=st.data())
def test_those_that_are_wanted_keep_their_scores_and_their_order(some, later, student, data):
    index = Index(some, VOCABULARY, on=ON)
    for one in later:  # these lie in a layout of their own
        index.put(one)
    every = index.top(student, 50)
    wanted = data.draw(st.sets(st.sampled_from([one.id for one in (*some, *later)] or ["nobody"])))
    assert index.top(student, 50, among=wanted) == [line for line in every if line.id in wanted]
    assert index.top(student, 50, among=()) == []
