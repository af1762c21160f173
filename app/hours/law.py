"""The two rules of law that the ledger counts by, asked once for all days and study paths of a page."""

from __future__ import annotations

from datetime import date
from fractions import Fraction

from sqlalchemy.orm import Session

from app.laws import rules, service
from app.laws.models import Measure


class Law:
    """The rules as they stand; each question names its day."""

    def __init__(self, session: Session) -> None:
        self._rules = service.table(session)

    def share(self, day: date) -> Fraction:
        """How much of a project's hours must be attended for it to count, if it begins on this day; 0 where no rule holds."""
        found = service.parameters_among(self._rules, Measure.ATTENDED_SHARE, day)
        return Fraction(str(found.share)) if isinstance(found, rules.Share) else Fraction(0)

    def minimum_hours(self, track: str, day: date) -> int:
        """How many hours a study path of this kind needs for the diploma; 0 where no rule holds."""
        found = service.parameters_among(self._rules, Measure.MINIMUM_HOURS, day, track)
        return int(found.hours) if isinstance(found, rules.Hours) else 0
