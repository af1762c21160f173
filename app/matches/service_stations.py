"""How far a student has to go to each of several places."""

from __future__ import annotations

from collections.abc import Sequence

from app.matches.service import StudentQuestion
from matching.location import road_km


def kilometres(question: StudentQuestion, places: Sequence[tuple[float, float] | None]) -> list[float | None]:
    """From where the student sets out to each place (degrees), in kilometres by road; None where a place is not known."""
    student = question.known.student
    return [
        None if place is None else float(road_km(student.latitude, student.longitude, *place))
        for place in places
    ]


def is_too_far(question: StudentQuestion, kilometres_to: Sequence[float | None]) -> bool:
    """Whether one of these journeys is longer than the student's furthest."""
    most = question.known.student.max_km
    return most is not None and any(one is not None and one > most for one in kilometres_to)
