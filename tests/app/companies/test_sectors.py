"""Both editions are whole, keep apart the codes that changed their meaning, and lead to each other."""

import subprocess
import sys
from collections import Counter

import pytest

from app.companies import sectors
from app.companies.sectors import (
    Correspondence,
    Sector,
    correspondences,
    division,
    dotted,
    is_known,
    read_sectors,
)


def test_both_editions_are_read_in_order() -> None:
    read = read_sectors()
    assert Counter(each.edition for each in read) == {"2007": 3162, "2025": 3257}
    assert len({(each.edition, each.code) for each in read}) == len(read)
    assert all(each.title and each.title == each.title.strip() for each in read)
    assert [each.code for each in read][:5] == ["A", "01", "01.1", "01.11", "01.11.1"]
    assert [each.code for each in read if len(each.code) == 1] == [
        *"ABCDEFGHIJKLMNOPQRSTU",
        *"ABCDEFGHIJKLMNOPQRSTUV",
    ]


def test_a_sector_has_a_title_fit_to_be_read() -> None:
    assert Sector("28.99.20", "2007", sectors.title("28.99.20", "2007")) in read_sectors()
    assert sectors.title("28", "2007") == "Fabbricazione di macchinari ed apparecchiature n.c.a."
    assert sectors.title("28", "2025") == "Fabbricazione di macchinari e apparecchiature n.c.a."
    assert sectors.title("46.5", "2007") == "Commercio all'ingrosso di apparecchiature ICT"
    assert [each for each in read_sectors() if each.title.isupper()] == []


@pytest.mark.parametrize(
    ("code", "edition", "known"),
    [
        ("28.99.20", "2007", True),
        ("93.21.00", "2007", True),  # dropped by the update of 2022
        ("93.21.01", "2007", True),  # added by it
        ("93.21.01", "2025", False),
        ("45", "2007", True),
        ("45", "2025", False),
        ("C", "2025", True),
        ("V", "2025", True),
        ("V", "2007", False),
        ("289920", "2007", False),
        ("28.99.20", "2022", False),
        ("28.99.20", "", False),
        ("", "2007", False),
    ],
)
def test_a_code_is_known_only_with_its_edition(code: str, edition: str, known: bool) -> None:
    assert is_known(code, edition) is known


def test_a_title_of_an_unknown_code_is_refused() -> None:
    with pytest.raises(KeyError):
        sectors.title("45", "2025")


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("28", "28"),
        ("289", "28.9"),
        ("2899", "28.99"),
        ("28992", "28.99.2"),
        ("289920", "28.99.20"),
        (" 28.99.20\n", "28.99.20"),
        ("c", "C"),
        ("2", "2"),
        ("", ""),
    ],
)
def test_compact_codes_become_dotted(text: str, code: str) -> None:
    assert dotted(text) == code


def test_every_code_survives_the_compact_form() -> None:
    assert [each.code for each in read_sectors() if dotted(each.code.replace(".", "")) != each.code] == []


def test_the_division_of_every_code_is_known() -> None:
    below = [each for each in read_sectors() if len(each.code) > 1]
    assert [each for each in below if not is_known(division(each.code), each.edition)] == []


@pytest.mark.parametrize("code", ["C", "", "289920", "28.", "28.99.20.1", "2８"])
def test_a_code_without_a_division_is_refused(code: str) -> None:
    with pytest.raises(ValueError, match="not a dotted ATECO code with a division"):
        division(code)


def test_a_division_may_be_spread_over_several_of_the_other_edition() -> None:
    assert [
        (each.sector.code, each.sector.edition, each.is_whole) for each in correspondences("28", "2025")
    ] == [
        ("25", "2007", False),
        ("28", "2007", False),
        ("33", "2007", False),
    ]


def test_a_sector_that_did_not_change_corresponds_whole() -> None:
    robots = next(each for each in read_sectors() if (each.code, each.edition) == ("28.99.20", "2025"))
    assert correspondences("28.99.20", "2007") == (Correspondence(robots, is_whole=True),)


def test_where_the_table_is_silent_nothing_corresponds() -> None:
    assert correspondences("46.89", "2025") == ()
    assert correspondences("93.21.00", "2007") == ()
    assert correspondences("99.99", "2025") == ()


def test_correspondence_goes_both_ways() -> None:
    forth = {
        (each.code, there.sector.code)
        for each in read_sectors()
        if each.edition == "2025"
        for there in correspondences(each.code, "2025")
    }
    back = {
        (there.sector.code, each.code)
        for each in read_sectors()
        if each.edition == "2007"
        for there in correspondences(each.code, "2007")
    }
    assert forth == back
    assert len(forth) == 6678


def test_importing_reads_nothing() -> None:
    """Start-up must not pay for codes that a command may never ask for."""
    probe = (
        "import sys; from app.companies import sectors; "
        "print('ateco' in sys.modules, sectors._by_code.cache_info().currsize)"
    )
    done = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True)
    assert done.stdout == "False 0\n"
