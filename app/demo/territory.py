"""The demo's data files, read: places and numbers, names, what students say, what companies write, personas."""

from __future__ import annotations

import csv
import tomllib
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

DATA = Path(__file__).parent / "data"

Range = tuple[int, int]


class ClassRow(NamedTuple):
    """The classes of one study path and year at a school, by their sections."""

    school_code: str
    study_path: str
    year: int
    sections: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """Names that go together, and the language spoken where they come from."""

    id: str
    share: float
    language: str
    feminine: tuple[str, ...]
    masculine: tuple[str, ...]
    family: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Names:
    """Everything that names of people and companies are made of."""

    origins: tuple[Origin, ...]
    italian_given: float
    contact_given: tuple[str, ...]
    contact_jobs: tuple[str, ...]
    company_family: tuple[str, ...]
    company_coined: tuple[str, ...]
    company_middles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class OwnSkill:
    """A skill that students declare or have a paper for, in their words."""

    skill_id: str
    level: int
    words: str
    share: float = 1.0
    from_year: int = 1


@dataclass(frozen=True, slots=True)
class Window:
    """Weeks of the school year, as "month-day": of classes (by year of the course) or of single students (`student`)."""

    id: str
    starts: str
    ends: str
    years: Mapping[int, float]
    student: float = 0.0


@dataclass(frozen=True, slots=True)
class Travel:
    """A way to travel: the limits people set (none: no limit), and who would."""

    mode: str
    share: float
    km: tuple[int, ...]
    is_local: bool = False
    min_age: int = 0


@dataclass(frozen=True, slots=True)
class District:
    """An industrial area, by the ISTAT code of its municipality."""

    name: str
    municipality: str


@dataclass(frozen=True, slots=True)
class Offer:
    """A text that somebody could have written, with what stands behind it. Ranges are [least, most]."""

    kind: str
    title: tuple[str, ...]
    text: str
    programmes: tuple[str, ...]
    taught: Mapping[str, int]
    required: Mapping[str, int]
    wanted: Mapping[str, int]
    years: Range = (3, 5)
    weeks: Range = (2, 4)
    hours: Range = (2, 3)
    group: Range = (8, 24)
    lessons: Range = (4, 6)
    lesson_hours: int = 3
    seats: Range = (1, 2)
    online: bool = False
    min_age: int | None = None
    id: str = ""


@dataclass(frozen=True, slots=True)
class Archetype:
    """A sort of company: what it is called, where it stands in ATECO, the words it uses, what it offers.

    `sizes` are the weights of micro, small, medium and large.
    """

    id: str
    weight: float
    kind: str
    setting: str
    sectors: tuple[tuple[str, str], ...]
    sizes: tuple[float, ...]
    names: tuple[str, ...]
    describes: tuple[str, ...]
    words: Mapping[str, tuple[str, ...]]
    offers: tuple[Offer, ...]

    def offers_of(self, kind: str) -> list[Offer]:
        """Its texts of one kind of opportunity."""
        return [offer for offer in self.offers if offer.kind == kind]


@dataclass(frozen=True, slots=True)
class Territory:
    """All of it. `numbers` holds the sections of `territory.toml` as they are written there."""

    name: str
    centre: str
    provinces: tuple[str, ...]
    wider: tuple[str, ...]
    classes: tuple[ClassRow, ...]
    names: Names
    interests: Mapping[str, tuple[str, ...]]
    declared: tuple[OwnSkill, ...]
    certified: tuple[OwnSkill, ...]
    windows: tuple[Window, ...]
    travels: tuple[Travel, ...]
    districts: Mapping[str, tuple[str, ...]]
    archetypes: tuple[Archetype, ...]
    conditions: Mapping[str, tuple[str, ...]]
    password: str
    key: Mapping[str, Any]
    personas: Mapping[str, Mapping[str, Any]]
    numbers: Mapping[str, Mapping[str, Any]]


@cache
def read_territory(directory: Path = DATA) -> Territory:
    """Everything in a directory. An entry with an unknown or a missing field raises TypeError or KeyError."""
    main = _read(directory / "territory.toml")
    students = _read(directory / "students.toml")
    personas = _read(directory / "personas.toml")
    districts: dict[str, tuple[str, ...]] = {}
    for entry in main["district"]:
        one = District(**entry)
        districts[one.municipality] = (*districts.get(one.municipality, ()), one.name)
    return Territory(
        name=main["name"],
        centre=main["centre"],
        provinces=tuple(main["provinces"]),
        wider=tuple(main["wider"]),
        classes=_read_classes(directory / "tracks.csv"),
        names=_read_names(_read(directory / "names.toml")),
        interests={programme: tuple(ids) for programme, ids in students["interests"].items()},
        declared=tuple(OwnSkill(**entry) for entry in students["declared"]),
        certified=tuple(OwnSkill(**entry) for entry in students["certified"]),
        windows=tuple(
            Window(**entry | {"years": by_year(entry.get("years", {}))}) for entry in main["window"]
        ),
        travels=tuple(Travel(**_frozen(entry)) for entry in main["travel"]),
        districts=districts,
        archetypes=tuple(
            _archetype(entry)
            for path in sorted((directory / "archetypes").glob("*.toml"))
            for entry in _read(path)["archetype"]
        ),
        conditions={
            name: tuple(pool["lines"]) for name, pool in _read(directory / "conditions.toml").items()
        },
        password=personas["password"],
        key=personas["key"],
        personas={entry["id"]: entry for entry in personas["persona"]},
        numbers={name: section for name, section in main.items() if isinstance(section, dict)},
    )


def by_year(section: Mapping[str, Any]) -> dict[int, Any]:
    """A section by year of the course: TOML's keys are texts, years are numbers."""
    return {int(year): value for year, value in section.items()}


def _read_names(entry: Mapping[str, Any]) -> Names:
    companies, contacts = entry["companies"], entry["contacts"]
    return Names(
        origins=tuple(Origin(**_frozen(one)) for one in entry["origin"]),
        italian_given=entry["italian_given"],
        contact_given=tuple(contacts["given"]),
        contact_jobs=tuple(contacts["jobs"]),
        company_family=tuple(companies["family"]),
        company_coined=tuple(companies["coined"]),
        company_middles=tuple(companies["middles"]),
    )


def _archetype(entry: Mapping[str, Any]) -> Archetype:
    fields = _frozen(entry)
    fields["sectors"] = tuple(tuple(sector.split("/")) for sector in entry["sectors"])
    fields["words"] = _frozen(entry["words"])
    fields["offers"] = tuple(_offer(offer) for offer in fields.pop("offer"))
    return Archetype(**fields)


def _offer(entry: Mapping[str, Any]) -> Offer:
    fields = {"required": {}, "wanted": {}, "taught": {}} | _frozen(entry)
    return Offer(**fields | {"text": entry["text"].strip()})


def _frozen(entry: Mapping[str, Any]) -> dict[str, Any]:
    """The same with tuples for lists."""
    return {name: tuple(value) if isinstance(value, list) else value for name, value in entry.items()}


def _read_classes(path: Path) -> tuple[ClassRow, ...]:
    """The tracks with their parallel classes, lettered within a school and year: 4A, 4B, … 4Z, 4AA."""
    lettered: Counter[tuple[str, int]] = Counter()
    rows = []
    with path.open(encoding="utf-8", newline="") as stream:
        for row in csv.DictReader(stream):
            of_year = (row["school_code"], int(row["year"]))
            first = lettered[of_year]
            lettered[of_year] += int(row["classes"])
            sections = tuple(_letters(place) for place in range(first, lettered[of_year]))
            rows.append(ClassRow(row["school_code"], row["study_path"], of_year[1], sections))
    return tuple(rows)


def _letters(place: int) -> str:
    before, letter = divmod(place, 26)
    return (_letters(before - 1) if before else "") + chr(ord("A") + letter)


def _read(path: Path) -> dict[str, Any]:
    with path.open("rb") as stream:
        return tomllib.load(stream)
