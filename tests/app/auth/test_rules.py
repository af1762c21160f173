from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from app.auth import rules
from app.auth.actors import Role
from tests.factories import NOW

HOUR = timedelta(hours=1)
STRICT = {Role.COORDINATOR, Role.ADMINISTRATOR}


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("is_enrolled", [True, False])
@pytest.mark.parametrize("has_given", [True, False])
def test_who_lacks_the_second_factor(role: Role, is_enrolled: bool, has_given: bool) -> None:
    expected = not has_given and (is_enrolled or role in STRICT)
    assert (
        rules.lacks_second_factor(
            is_strict=rules.must_have_second_factor({role}), is_enrolled=is_enrolled, has_given=has_given
        )
        is expected
    )
    assert rules.must_have_second_factor({role, Role.TEACHER}) is (role in STRICT)


@pytest.mark.parametrize("role", Role)
def test_how_long_a_session_lasts(role: Role) -> None:
    own = rules.session_length({role}, is_own_device=True, hours=8)
    assert own == (timedelta(hours=8) if role in STRICT else timedelta(days=30))
    assert rules.session_length({role}, is_own_device=False, hours=8) == 8 * HOUR
    assert rules.session_length({role}, is_own_device=False, hours=99) == 12 * HOUR


@pytest.mark.parametrize("role", Role)
def test_a_long_session_ends_when_its_person_gets_a_strict_role(role: Role) -> None:
    times = {"begun_at": NOW, "ends_at": NOW + timedelta(days=30)}
    assert not rules.has_ended({role}, now=NOW + timedelta(hours=11, minutes=59), **times)
    assert rules.has_ended({role}, now=NOW + timedelta(hours=12), **times) is (role in STRICT)
    assert rules.has_ended({role}, now=NOW + timedelta(days=30), **times)


def test_a_session_is_fresh_for_a_quarter_of_an_hour() -> None:
    assert rules.is_fresh(NOW, NOW + timedelta(minutes=15))
    assert not rules.is_fresh(NOW, NOW + timedelta(minutes=15, seconds=1))


@pytest.mark.parametrize(
    ("password", "fault"),
    [
        ("tre parole a caso", None),
        ("Cavallo-Batteria-77", None),
        ("correct horse battery", None),
        ("ninechars", "short"),
        ("tenchars-x", None),
        ("soltantoletterepiccole", None),
        ("SOLTANTO LETTERE GRANDI", None),
        ("73915028461937", None),
        ("ΩΨ—«ñandú»—雪だるま", None),
        ("x-a-b-c-d-" * 20, None),
        ("x-a-b-c-d-" * 20 + "y", "long"),
        ("password123", "common"),
        ("Passw0rd!!", "common"),
        ("p4$$w0rd2026", "common"),
        ("qwertyuiop", "common"),
        ("juventus1897", "common"),
        ("manchester", "common"),
        ("1Q2w3e4r5t", "common"),
        ("Bottega2026!", "common"),
        ("scu0la2026!", "common"),
        ("tirocinio26", "common"),
        ("1234567890", "plain"),
        ("9876543210", "plain"),
        ("hijklmnopq", "plain"),
        ("asdfghjklz", "plain"),
        ("aaaaaaaaaa", "plain"),
        ("abababababab", "plain"),
        ("Ermenegilda99", "own"),
        ("ermenegildafumagalli", "own"),
        ("e.fumagalli@scuola.example", "own"),
    ],
)
def test_which_passwords_are_taken(password: str, fault: str | None) -> None:
    found = rules.password_fault(password, name="Ermenegilda Fumagalli", account="e.fumagalli@scuola.example")
    assert found == fault


def test_the_passwords_that_leaks_know_best_are_refused() -> None:
    listed = (Path(rules.__file__).parent / "data/frequent_passwords.txt").read_text("utf-8").splitlines()
    assert len(set(listed)) == len(listed) >= 3000
    assert min(map(len, listed)) >= rules.SHORTEST_PASSWORD
    for password in (*listed, *(one.upper() for one in listed if one.isascii())):
        assert rules.password_fault(password, name="", account="") is not None, password
