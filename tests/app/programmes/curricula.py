"""A small curriculum for tests: a track with an articulation in two versions, and a course without skills."""

from __future__ import annotations

from pathlib import Path

from app.programmes.curriculum import Curriculum, read_curriculum
from app.skills.vocabulary import ConceptData
from tests.app.skills.concepts import concept

PROGRAMMES = """
[[programme]]
id = "c3"
version = 1
code = "C3"
kind = "technical"
sector = "technological"
title_it = "Elettronica"
title_en = "Electronics"
first_year = 1
last_year = 5
eqf = 4
areas = ["mechatronics", "energy"]
valid_from = 2010-09-01
source = "DPR 88/2010"

[[programme]]
id = "c3-automazione"
version = 1
code = "C3"
kind = "technical"
sector = "technological"
title_it = "Automazione"
title_en = "Automation"
broader = "c3"
first_year = 3
last_year = 5
eqf = 4
areas = ["mechatronics"]
valid_from = 2010-09-01
valid_to = 2026-08-31
source = "DPR 88/2010"

[[programme]]
id = "c3-automazione"
version = 2
code = "C3"
kind = "technical"
sector = "technological"
title_it = "Automazione e robotica"
title_en = "Automation and robotics"
broader = "c3"
first_year = 3
last_year = 5
eqf = 4
areas = ["mechatronics"]
valid_from = 2026-09-01
source = "DM 29/2026"
note = "The reform."

[[programme]]
id = "ip14"
version = 1
code = "IP14"
kind = "vocational"
sector = "industry"
title_it = "Manutenzione"
title_en = "Maintenance"
first_year = 1
last_year = 5
eqf = 4
areas = []
valid_from = 2018-09-01
source = "DLGS 61/2017"
"""
STUDY_PATHS = """study_path,programme,first_year,last_year,unmapped_reason
AUTOMAZIONE,c3-automazione,,,
ENOTECNICO,,,,outside
"""
SUBJECTS = """
[[subject]]
id = "systems"
it = "Sistemi"
en = "Systems"
skills = { plc = [0, 1, 1, 2, 3], robots = [0, 0, 0, 1, 1] }
"""
CURRICULA = """
[[curriculum]]
programme = "c3"
subjects = { systems = [2] }

[[curriculum]]
programme = "c3-automazione"
subjects = { systems = [4, 5] }
"""
SKILLS: tuple[ConceptData, ...] = (
    concept("plc", ("programmazione PLC",), ("PLC programming",)),
    concept("robots", ("robotica",), ("robotics",)),
)


def curriculum(
    folder: Path, *, programmes: str = PROGRAMMES, study_paths: str = STUDY_PATHS, curricula: str = CURRICULA
) -> Curriculum:
    """The small curriculum, or a variant of it."""
    read_curriculum.cache_clear()
    for name, content in (
        ("programmes.toml", programmes),
        ("study_paths.csv", study_paths),
        ("subjects.toml", SUBJECTS),
        ("curricula.toml", curricula),
    ):
        (folder / name).write_text(content, encoding="utf-8")
    return read_curriculum(folder)
