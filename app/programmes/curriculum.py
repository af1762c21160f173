"""Reads the programmes, study paths and subjects, and says which skills a year has met.

Pure data: no table, no session. The files are in `data/`; each explains its fields at its head.
"""

import csv
import itertools
import tomllib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from app import dates
from app.imports import clean_cell

DATA = Path(__file__).parent / "data"
LEVELS = range(5)  # 0 not yet met, 1 initial, 2 basic, 3 intermediate, 4 advanced
KINDS = ("technical", "vocational", "liceo", "iefp", "its")
LAST_YEAR = 6
EQF_LEVELS = (3, 4, 5, 6)


class CurriculumError(Exception):
    """A data file is wrong; names the file, the entry and the fault."""

    def __init__(self, file: str, entry: str, fault: str) -> None:
        super().__init__(f"{file}: {entry}: {fault}")
        self.file = file
        self.entry = entry
        self.fault = fault


@dataclass(frozen=True, slots=True)
class ProgrammeData:
    """One version of a programme.

    `valid_from` and `valid_to` bound the days on which a student may start year 1 under this version,
    so a reform that replaces a track class by class needs one version.
    """

    id: str
    version: int
    code: str
    kind: str
    sector: str
    title_it: str
    title_en: str
    first_year: int
    last_year: int
    eqf: int
    areas: tuple[str, ...]
    valid_from: date
    source: str
    broader: str | None = None
    valid_to: date | None = None
    note: str | None = None

    @property
    def is_recalled(self) -> bool:
        """Whether something of this entry was written from memory and wants checking."""
        return "recalled" in self.source

    def has_year(self, year: int) -> bool:
        return self.first_year <= year <= self.last_year


@dataclass(frozen=True, slots=True)
class StudyPath:
    """What a study-path name of the ministry's class file means, for a range of years."""

    study_path: str
    programme: str | None
    first_year: int
    last_year: int
    unmapped_reason: str | None


@dataclass(frozen=True, slots=True)
class SubjectData:
    """A subject: the disciplines it groups, and the level of each skill at the end of each year."""

    id: str
    title_it: str
    title_en: str
    names: tuple[str, ...]
    skills: Mapping[str, tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class _Plan:
    """The curriculum of one programme, without what it inherits."""

    subjects: Mapping[str, tuple[int, ...]]
    skills: tuple[Mapping[str, tuple[int, ...]], ...]
    follows: str | None = None
    follows_years: tuple[int, ...] = ()


class Curriculum:
    """All of the data, consistent with each other; made by `read_curriculum`."""

    def __init__(
        self,
        programmes: Sequence[ProgrammeData],
        study_paths: Sequence[StudyPath],
        subjects: Sequence[SubjectData],
        plans: Mapping[str, _Plan],
    ) -> None:
        self.programmes = tuple(programmes)
        self.study_paths = tuple(study_paths)
        self.subjects = tuple(subjects)
        self._plans = plans
        self._latest = {p.id: p for p in sorted(programmes, key=lambda p: p.version)}
        self._subjects = {s.id: s for s in subjects}
        self._by_name = {name: s for s in subjects for name in s.names}
        self._paths: dict[str, list[StudyPath]] = {}
        for path in study_paths:
            self._paths.setdefault(path.study_path, []).append(path)

    def programme_for(self, study_path: str, year: int) -> StudyPath | None:
        """What the study path means in that year; None if it is in no list at all."""
        for path in self._paths.get(clean_cell(study_path), ()):
            if path.first_year <= year <= path.last_year:
                return path
        return None

    def version_for(self, programme_id: str, year: int, on: date) -> ProgrammeData | None:
        """The version under which a student attends that year on that day, without lost years."""
        start = date(dates.school_year(on) - (year - 1), dates.SCHOOL_YEAR_BEGINS, 1)
        for programme in self.programmes:
            if programme.id != programme_id or start < programme.valid_from:
                continue
            if programme.valid_to is None or start <= programme.valid_to:
                return programme
        return None

    def subject_named(self, discipline: str) -> SubjectData | None:
        """The subject of a discipline as the ministry writes it."""
        return self._by_name.get(clean_cell(discipline))

    def subjects_of(self, programme_id: str, year: int) -> frozenset[str]:
        """Ids of the subjects taught in that year, those of the broader programmes included.

        A year of a shorter course holds the subjects of every year of the longer one it covers.
        """
        found = set[str]()
        for plan in self._line(self._known(programme_id, year)):
            found |= {subject for subject, years in plan.subjects.items() if year in years}
            if plan.follows:
                before = plan.follows_years[year - 2] if year > 1 else 0
                for other in range(before + 1, plan.follows_years[year - 1] + 1):
                    found |= self.subjects_of(plan.follows, other)
        return frozenset(found)

    def skills_met(self, programme_id: str, year: int, disciplines: Iterable[str] = ()) -> dict[str, int]:
        """Skill id → level a student has normally met by the end of that year.

        The greatest level over the years up to `year` and over the broader programmes. `disciplines`
        are names of the ministry's class file that the class is known to have in that year besides.
        Raises `CurriculumError` for an unknown programme or a year it does not have.
        """
        programme = self._known(programme_id, year)
        met: dict[str, int] = {}
        for plan in self._line(programme):
            self._add_plan(met, plan, year)
        for discipline in disciplines:
            if (subject := self.subject_named(discipline)) is not None:
                _raise_levels(met, subject.skills, year)
        return dict(sorted(met.items()))

    def _add_plan(self, met: dict[str, int], plan: _Plan, year: int) -> None:
        if plan.follows:
            for skill, level in self.skills_met(plan.follows, plan.follows_years[year - 1]).items():
                met[skill] = max(met.get(skill, 0), level)
        for subject, years in plan.subjects.items():
            if taught := [y for y in years if y <= year]:
                _raise_levels(met, self._subjects[subject].skills, max(taught))
        for skills in plan.skills:
            _raise_levels(met, skills, year)

    def _starts(self, programme: ProgrammeData) -> int:
        """First year of the course, whether spent in the programme or in a broader one."""
        return self._starts(self._latest[programme.broader]) if programme.broader else programme.first_year

    def _line(self, programme: ProgrammeData) -> list[_Plan]:
        """The plan of a programme and those of its broader ones."""
        plans = [self._plans[programme.id]] if programme.id in self._plans else []
        return plans + (self._line(self._latest[programme.broader]) if programme.broader else [])

    def _known(self, programme_id: str, year: int) -> ProgrammeData:
        programme = self._latest.get(programme_id)
        if programme is None:
            raise CurriculumError("programmes.toml", programme_id, "unknown programme")
        if not self._starts(programme) <= year <= programme.last_year:
            raise CurriculumError("programmes.toml", programme_id, f"it has no year {year}")
        return programme


def _raise_levels(met: dict[str, int], skills: Mapping[str, tuple[int, ...]], year: int) -> None:
    for skill, levels in skills.items():
        level = levels[min(year, len(levels)) - 1]
        if level > met.get(skill, 0):
            met[skill] = level


@cache
def read_curriculum(directory: Path = DATA, vocabulary: frozenset[str] | None = None) -> Curriculum:
    """All files of a directory. With a vocabulary, every skill id must be in it."""
    programmes = read_programmes(directory / "programmes.toml")
    study_paths = read_study_paths(directory / "study_paths.csv", programmes)
    subjects = read_subjects(directory / "subjects.toml", vocabulary)
    plans = _read_plans(directory / "curricula.toml", programmes, subjects, vocabulary)
    return Curriculum(programmes, study_paths, subjects, plans)


def skills_met(programme_id: str, year: int, disciplines: Iterable[str] = ()) -> dict[str, int]:
    """`Curriculum.skills_met` of the data that ships with the application."""
    return read_curriculum().skills_met(programme_id, year, disciplines)


def read_programmes(path: Path = DATA / "programmes.toml") -> tuple[ProgrammeData, ...]:
    """The programmes, every version of each."""
    programmes = tuple(_programme(path.name, entry) for entry in _entries(path, "programme"))
    _check_versions(path.name, programmes)
    by_id = {p.id: p for p in programmes}
    for programme in programmes:
        _check_broader(path.name, programme, by_id)
    return programmes


def _programme(file: str, entry: Mapping[str, Any]) -> ProgrammeData:
    name = str(entry.get("id", "an entry without id"))
    fields = ProgrammeData.__dataclass_fields__
    if unknown := sorted(entry.keys() - fields.keys()):
        raise CurriculumError(file, name, f"unknown field {unknown[0]}")
    values: dict[str, Any] = {key: tuple(value) if key == "areas" else value for key, value in entry.items()}
    try:
        programme = ProgrammeData(**values)
    except TypeError as error:
        raise CurriculumError(file, name, f"a field is missing ({error})") from None
    for fault in _programme_faults(programme):
        raise CurriculumError(file, name, fault)
    return programme


def _programme_faults(programme: ProgrammeData) -> Iterable[str]:
    for field in ("version", "first_year", "last_year", "eqf"):
        if type(getattr(programme, field)) is not int:
            yield f"{field} must be a whole number"
            return
    for field in ("id", "code", "sector", "title_it", "title_en", "source"):
        value = getattr(programme, field)
        if not isinstance(value, str) or not value.strip():
            yield f"{field} must be a text"
    if programme.kind not in KINDS:
        yield f"kind must be one of {', '.join(KINDS)}"
    if programme.eqf not in EQF_LEVELS:
        yield "eqf must be 3 to 6"
    if not 1 <= programme.first_year <= programme.last_year <= LAST_YEAR:
        yield f"years {programme.first_year} to {programme.last_year} are not within 1 to {LAST_YEAR}"
    if type(programme.valid_from) is not date or type(programme.valid_to) not in (date, type(None)):
        yield "valid_from and valid_to must be days"
    elif programme.valid_to is not None and programme.valid_to < programme.valid_from:
        yield "valid_to lies before valid_from"


def _check_versions(file: str, programmes: Sequence[ProgrammeData]) -> None:
    by_id: dict[str, list[ProgrammeData]] = {}
    for programme in programmes:
        by_id.setdefault(programme.id, []).append(programme)
    for name, versions in by_id.items():
        versions.sort(key=lambda p: p.valid_from)
        for earlier, later in itertools.pairwise(versions):
            if earlier.version >= later.version:
                raise CurriculumError(file, name, f"version {later.version} is not the next one")
            if earlier.valid_to is None or earlier.valid_to >= later.valid_from:
                raise CurriculumError(
                    file, name, f"versions {earlier.version} and {later.version} are valid at the same time"
                )


def _check_broader(file: str, programme: ProgrammeData, by_id: Mapping[str, ProgrammeData]) -> None:
    seen = {programme.id}
    current = programme
    while current.broader is not None:
        if current.broader not in by_id:
            raise CurriculumError(file, current.id, f"unknown broader programme {current.broader}")
        if current.broader in seen:
            raise CurriculumError(file, programme.id, "it is broader than itself")
        seen.add(current.broader)
        current = by_id[current.broader]


def read_study_paths(
    path: Path = DATA / "study_paths.csv", programmes: Sequence[ProgrammeData] | None = None
) -> tuple[StudyPath, ...]:
    """The study-path names, mapped or listed as unmapped with a reason."""
    known = {p.id: p for p in (read_programmes() if programmes is None else programmes)}
    with path.open(encoding="utf-8", newline="") as stream:
        found = tuple(_study_path(path.name, row, known) for row in csv.DictReader(stream))
    taken: set[tuple[str, int]] = set()
    for entry in found:
        for year in range(entry.first_year, entry.last_year + 1):
            if (entry.study_path, year) in taken:
                raise CurriculumError(path.name, entry.study_path, f"year {year} is given twice")
            taken.add((entry.study_path, year))
    return found


def _study_path(file: str, row: Mapping[str, str], known: Mapping[str, ProgrammeData]) -> StudyPath:
    name = clean_cell(row["study_path"] or "")
    programme_id, reason = row["programme"] or None, row["unmapped_reason"] or None
    if not name:
        raise CurriculumError(file, "an entry", "study_path must not be empty")
    if (programme_id is None) == (reason is None):
        raise CurriculumError(file, name, "either a programme or the reason why there is none")
    first, last = 1, LAST_YEAR
    if programme_id is not None:
        if programme_id not in known:
            raise CurriculumError(file, name, f"unknown programme {programme_id}")
        first, last = known[programme_id].first_year, known[programme_id].last_year
    years = _year_of(file, name, row["first_year"], first), _year_of(file, name, row["last_year"], last)
    if not first <= years[0] <= years[1] <= last:
        raise CurriculumError(file, name, f"years {years[0]} to {years[1]} are not within {first} to {last}")
    return StudyPath(name, programme_id, *years, reason)


def _year_of(file: str, name: str, cell: str | None, default: int) -> int:
    if not cell:
        return default
    if not (cell.isascii() and cell.isdigit()):
        raise CurriculumError(file, name, f"{cell!r} is not a year")
    return int(cell)


def read_subjects(
    path: Path = DATA / "subjects.toml", vocabulary: Collection[str] | None = None
) -> tuple[SubjectData, ...]:
    """The subjects. With a vocabulary, every skill id must be in it."""
    subjects = []
    names: dict[str, str] = {}
    ids = set[str]()
    for entry in _entries(path, "subject"):
        subject = _subject(path.name, entry, vocabulary)
        if subject.id in ids:
            raise CurriculumError(path.name, subject.id, "the id is used twice")
        ids.add(subject.id)
        for name in subject.names:
            if name in names:
                raise CurriculumError(path.name, subject.id, f"{name} belongs to {names[name]} already")
            names[name] = subject.id
        subjects.append(subject)
    return tuple(subjects)


def _subject(file: str, entry: Mapping[str, Any], vocabulary: Collection[str] | None) -> SubjectData:
    name = str(entry.get("id", "an entry without id"))
    for field in ("id", "it", "en"):
        if not isinstance(entry.get(field), str) or not entry[field].strip():
            raise CurriculumError(file, name, f"{field} must be a text")
    return SubjectData(
        id=entry["id"],
        title_it=entry["it"],
        title_en=entry["en"],
        names=tuple(clean_cell(text) for text in entry.get("names", ())),
        skills=_levels(file, name, entry.get("skills", {}), vocabulary),
    )


def _levels(
    file: str, name: str, skills: Mapping[str, Any], vocabulary: Collection[str] | None
) -> dict[str, tuple[int, ...]]:
    for skill, levels in skills.items():
        if vocabulary is not None and skill not in vocabulary:
            raise CurriculumError(file, name, f"unknown skill {skill}")
        if not levels or any(type(level) is not int or level not in LEVELS for level in levels):
            raise CurriculumError(file, name, f"the levels of {skill} must be 0 to 4, one per year")
        if list(levels) != sorted(levels):
            raise CurriculumError(file, name, f"the levels of {skill} must not fall")
        if len(levels) > LAST_YEAR:
            raise CurriculumError(file, name, f"{skill} has more than {LAST_YEAR} years")
    return {skill: tuple(levels) for skill, levels in skills.items()}


def _read_plans(
    path: Path,
    programmes: Sequence[ProgrammeData],
    subjects: Sequence[SubjectData],
    vocabulary: Collection[str] | None,
) -> dict[str, _Plan]:
    known = {p.id: p for p in programmes}
    subject_ids = {s.id for s in subjects}
    common = {
        str(entry.get("id")): _plan(path.name, str(entry.get("id")), entry, subject_ids, vocabulary)
        for entry in _entries(path, "common")
    }
    plans: dict[str, _Plan] = {}
    for entry in _entries(path, "curriculum"):
        name = str(entry.get("programme"))
        if name not in known:
            raise CurriculumError(path.name, name, "unknown programme")
        if name in plans:
            raise CurriculumError(path.name, name, "the programme has two curricula")
        plan = _plan(path.name, name, entry, subject_ids, vocabulary)
        if (block := entry.get("common")) is not None:
            if block not in common:
                raise CurriculumError(path.name, name, f"unknown common block {block}")
            plan = _joined(common[block], plan)
        plans[name] = plan
    for name, plan in plans.items():
        _check_follows(path.name, name, plan, plans, known)
    return plans


def _plan(
    file: str,
    name: str,
    entry: Mapping[str, Any],
    subject_ids: Collection[str],
    vocabulary: Collection[str] | None,
) -> _Plan:
    subjects = entry.get("subjects", {})
    for subject, years in subjects.items():
        if subject not in subject_ids:
            raise CurriculumError(file, name, f"unknown subject {subject}")
        if not years or any(type(year) is not int or not 1 <= year <= LAST_YEAR for year in years):
            raise CurriculumError(file, name, f"{subject} has a year outside 1 to {LAST_YEAR}")
    return _Plan(
        subjects={subject: tuple(years) for subject, years in subjects.items()},
        skills=(_levels(file, name, entry.get("skills", {}), vocabulary),),
        follows=entry.get("follows"),
        follows_years=tuple(entry.get("follows_years", ())),
    )


def _joined(common: _Plan, own: _Plan) -> _Plan:
    """The block and the programme's own lines, which add years to those of the block."""
    subjects = dict(common.subjects)
    for subject, years in own.subjects.items():
        subjects[subject] = tuple(sorted({*subjects.get(subject, ()), *years}))
    return _Plan(subjects, common.skills + own.skills, own.follows, own.follows_years)


def _check_follows(
    file: str, name: str, plan: _Plan, plans: Mapping[str, _Plan], known: Mapping[str, ProgrammeData]
) -> None:
    if plan.follows is None:
        return
    other = known.get(plan.follows)
    if other is None or plan.follows not in plans:
        raise CurriculumError(file, name, f"it follows the unknown programme {plan.follows}")
    if plans[plan.follows].follows is not None:
        raise CurriculumError(file, name, f"it follows {plan.follows}, which follows another")
    years = plan.follows_years
    if len(years) != known[name].last_year or list(years) != sorted(set(years)):
        raise CurriculumError(file, name, "follows_years must rise, one for each year")
    if years[0] < 1 or years[-1] > other.last_year:
        raise CurriculumError(file, name, f"follows_years has a year that {plan.follows} does not have")


def _entries(path: Path, kind: str) -> list[dict[str, Any]]:
    try:
        with path.open("rb") as stream:
            content = tomllib.load(stream)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise CurriculumError(path.name, "the file", f"it cannot be read ({error})") from None
    entries = content.get(kind, [])
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CurriculumError(path.name, kind, f"entries are written [[{kind}]]")
    return entries
