"""Students and opportunities: who fits what, how well, and why.

A worked example: two skills, one student, three opportunities.

>>> from datetime import date
>>> vocabulary = Vocabulary(
...     [
...         Concept("automation", {"it": ("Automazione",), "en": ("Automation",)}),
...         Concept("plc", {"it": ("Programmazione PLC",), "en": ("PLC programming",)}, broader="automation"),
...         Concept("robotics", {"it": ("Robotica",), "en": ("Robotics",)}, broader="automation"),
...         Concept("welding", {"it": ("Saldatura",), "en": ("Welding",)}),
...     ]
... )
>>> june = Span(date(2027, 6, 7), date(2027, 6, 25), weekdays=0b0011111)
>>> maker = Opportunity(
...     "maker", Kind.INTERNSHIP, 44.35, 11.71, spans=(june,), hours=120,
...     required=(SkillNeed("plc", 3),), wanted=(SkillNeed("welding", 2),), taught=(SkillNeed("robotics", 2),),
... )
>>> laboratory = Opportunity("laboratory", Kind.VISIT, 44.49, 11.34, taught=(SkillNeed("robotics"),))
>>> course = Opportunity("course", Kind.TRAINING, taught=(SkillNeed("welding", 2),), seats_free=0)
>>> student = Student(
...     "student", 44.42, 11.36, max_km=60, free=(june,), interests=("robotics",), hours_owed=150,
...     skills=(HeldSkill("plc", 3, Evidence.VALIDATED),),
... )

The index ranks; what a rule hides is not in the list, and the rule has a name.

>>> index = Index([maker, laboratory, course], vocabulary, on=date(2026, 11, 22))
>>> [ranked.id for ranked in index.top(student)]
['laboratory', 'maker']
>>> index.hidden_by(student, "course")
'no_seats'

A line says how it came about: parts between 0 and 1, reasons and a gap in plain words.

>>> ranked = index.top(student, kind=Kind.INTERNSHIP)[0]
>>> {name: round(value, 2) for name, value in ranked.parts.items()}
{'skills': 0.63, 'challenge': 1.0, 'learning': 0.72, 'interest': 0.72, 'travel': 0.44, 'calendar': 1.0, 'programme': 0.5, 'hours': 0.8, 'freshness': 0.5, 'answers': 0.5}
>>> round(ranked.score, 2)
0.67
>>> for reason in (*ranked.reasons, ranked.gap):
...     print(say(reason, vocabulary))
Programmazione PLC: hai il livello 3, confermato dal tuo insegnante.
Robotica: è tra i tuoi interessi.
Hai liberi tutti i giorni previsti.
Ti manca: Saldatura, livello 2. Un percorso formativo ti può aiutare.

The company reads the same facts about a candidate without a name.

>>> [candidate] = index.candidates("maker", [student])
>>> say(candidate.reasons[0], vocabulary, "en", audience="company")
'PLC programming: level 3, confirmed by the teacher.'
"""

from matching.errors import MatchingError, UnknownOpportunity, UnknownSkill
from matching.explain import say
from matching.rank import VERSION, Index
from matching.rules import hidden_by, rules_hidden
from matching.skills import Vocabulary
from matching.types import (
    Concept,
    Eligibility,
    Evidence,
    HeldSkill,
    Kind,
    Opportunity,
    Parts,
    Ranked,
    Reason,
    SkillNeed,
    Span,
    Student,
    Weights,
)

__all__ = [
    "VERSION",
    "Concept",
    "Eligibility",
    "Evidence",
    "HeldSkill",
    "Index",
    "Kind",
    "MatchingError",
    "Opportunity",
    "Parts",
    "Ranked",
    "Reason",
    "SkillNeed",
    "Span",
    "Student",
    "UnknownOpportunity",
    "UnknownSkill",
    "Vocabulary",
    "Weights",
    "hidden_by",
    "rules_hidden",
    "say",
]
