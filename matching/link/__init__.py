"""Free text to the concepts of a vocabulary, in Italian and English: job titles, skills, whole adverts.

`SkillLinker.rank` orders all concepts for a short mention or a sentence; `link` finds what a text names, with its place;
`check` finds where a text and its form disagree. `docs/linking.md` says how.
"""

from matching.link.conflicts import Conflict, Structured
from matching.link.encoders import MissingModel
from matching.link.linker import SkillLinker
from matching.link.mentions import LinkedSkill

__all__ = ["Conflict", "LinkedSkill", "MissingModel", "SkillLinker", "Structured"]
