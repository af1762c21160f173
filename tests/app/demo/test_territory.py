"""The demo's data files agree with the reference data, and read as people write."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Iterator

import pytest

from app.companies import sectors
from app.companies.models import CompanyKind, SizeBand
from app.demo.chance import Chance
from app.demo.territory import Archetype, Offer, read_territory
from app.opportunities.models import Kind, Status
from app.places import gazetteer
from app.programmes import curriculum
from app.schools import ministry
from app.skills import vocabulary
from app.students.models import TravelMode

TERRITORY = read_territory()
SKILLS = {concept.id for concept in vocabulary.read_vocabulary()}
PROGRAMMES = {programme.id for programme in curriculum.read_curriculum().programmes}
MUNICIPALITIES = {one.istat: one for one in gazetteer.read_municipalities()}
GIVEN = {"company", "town", "people", "since", "tutor"}
WELL_KNOWN = {
    "ima", "gd", "ducati", "bonfiglioli", "marchesini", "lamborghini", "datalogic", "sacmi", "cefla", "coesia", "acma",
    "marposs", "samp", "magneti", "marelli", "faac", "carpigiani", "marzocchi", "calzoni", "sabiem", "weber", "minarelli",
    "granarolo", "bosch", "siemens", "comau", "tetra", "malaguti", "moto", "morini", "volta", "gvs", "philip",
}  # fmt: skip


def offers() -> Iterator[tuple[Archetype, Offer]]:
    return ((archetype, offer) for archetype in TERRITORY.archetypes for offer in archetype.offers)


def test_there_is_enough_to_choose_from() -> None:
    kinds = Counter(offer.kind for _, offer in offers())
    assert len(TERRITORY.archetypes) >= 25
    assert sum(kinds.values()) >= 60
    assert set(kinds) == set(Kind)
    assert min(kinds.values()) >= 15
    texts = [offer.text for _, offer in offers()]
    assert len(set(texts)) == len(texts)
    assert sum(" the " in text for text in texts) >= 5  # some write in English


def test_codes_exist() -> None:
    for archetype, offer in offers():
        named = {*offer.required, *offer.wanted, *offer.taught}
        assert named <= SKILLS, (archetype.id, named - SKILLS)
        assert set(offer.programmes) <= PROGRAMMES, archetype.id
        assert not set(offer.required) & set(offer.wanted), (archetype.id, offer.title)
        levels = [*offer.required.values(), *offer.wanted.values(), *offer.taught.values()]
        assert set(levels) <= {1, 2, 3, 4}
        assert archetype.kind in set(CompanyKind)
        assert archetype.setting in TERRITORY.conditions
        assert all(sectors.is_known(*sector) for sector in archetype.sectors), archetype.id
    known = {skill for skills in TERRITORY.interests.values() for skill in skills}
    known |= {skill.skill_id for skill in (*TERRITORY.declared, *TERRITORY.certified)}
    assert known <= SKILLS
    assert {TERRITORY.centre, *TERRITORY.districts} <= set(MUNICIPALITIES)
    provinces = {one.province_code for one in MUNICIPALITIES.values()}
    assert {*TERRITORY.provinces, *TERRITORY.wider} <= provinces
    assert {travel.mode for travel in TERRITORY.travels} <= set(TravelMode)


def test_ids_are_unique() -> None:
    ids = [archetype.id for archetype in TERRITORY.archetypes]
    assert len(set(ids)) == len(ids)
    persona = TERRITORY.personas["company"]
    [archetype] = [one for one in TERRITORY.archetypes if one.id == persona["archetype"]]
    assert [offer.kind for offer in archetype.offers if offer.id == persona["offer"]] == [Kind.INTERNSHIP]


def test_shares_name_what_exists() -> None:
    numbers = TERRITORY.numbers
    assert set(numbers["opportunities"]["kinds"]) == set(Kind)
    assert set(numbers["opportunities"]["status"]) == set(Status)
    for section in ("legal_forms", "appetite", "people"):
        assert set(numbers["companies"][section]) == set(SizeBand)
    assert all(len(archetype.sizes) == len(SizeBand) for archetype in TERRITORY.archetypes)


def test_classes_are_of_known_schools_and_programmes() -> None:
    known = {school.code: school for school in ministry.read_known_schools()}
    cadastral = {one.cadastral for one in MUNICIPALITIES.values()}
    paths = curriculum.read_curriculum()
    for row in TERRITORY.classes:
        assert known[row.school_code].cadastral_code in cadastral
        path = paths.programme_for(row.study_path, row.year)
        assert path is not None, row
        assert path.programme is not None, row
        assert all(row.sections)


def every_text(archetype: Archetype) -> Iterator[str]:
    yield from archetype.describes
    for offer in archetype.offers:
        yield offer.text
        yield from offer.title


@pytest.mark.parametrize("archetype", TERRITORY.archetypes, ids=lambda one: one.id)
def test_texts_can_be_written(archetype: Archetype) -> None:
    for number, text in itertools.product(range(4), every_text(archetype)):
        chance = Chance(number, "texts")
        words = {slot: chance.choice(choices) for slot, choices in archetype.words.items()}
        written = chance.write(text, {**words, **dict.fromkeys(GIVEN, "x"), "lessons": "5"})
        assert not re.search(r"[\[\]{}|]| [,.;:]|  |\n\n", written), written
        assert written == written.strip()
    for title in (title for offer in archetype.offers for title in offer.title):
        assert len(title) <= 120


def test_no_real_firm_is_meant() -> None:
    names = TERRITORY.names
    made_up = {name.lower() for name in (*names.company_family, *names.company_coined)}
    assert not made_up & WELL_KNOWN
    people = {family.lower() for origin in names.origins for family in origin.family}
    assert not {name.lower() for name in names.company_family} & people
    for archetype in TERRITORY.archetypes:
        for word in itertools.chain(archetype.names, *archetype.words.values()):
            assert not WELL_KNOWN & set(word.lower().split()) - {"siemens", "moto"}, word
