"""The engine's door for attendance: how many come is learnt and foretold in `matching.attendance`."""

from matching.attendance import Advice, Expected, Past, Risk, advise, learn

__all__ = ["Advice", "Expected", "Past", "Risk", "advise", "learn"]
