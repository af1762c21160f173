from __future__ import annotations

from pathlib import Path

import pytest

from app.evidence import policies

GOOD = (
    (policies.DATA / "network.toml").read_text()
    + """
[[areas]]
id = "bologna"
it = "Bologna"
en = "Bologna"
municipalities = ["037006"]

[[areas]]
id = "imola"
it = "Imola"
en = "Imola"
municipalities = ["037032"]
"""
)


def faults(folder: Path, text: str) -> list[str]:
    path = folder / "own.toml"
    path.write_text(text)
    with pytest.raises(policies.UnfitPolicy) as raised:
        policies.read(path)
    return [str(one) for one in raised.value.faults]


@pytest.mark.parametrize(
    ("before", "after", "told"),
    [
        ('measure = "placed"', 'measure = "hired"', "indicators.placed.measure: Input should be 'schools_active'"),
        ('id = "placed"', 'id = "Placed!"', "indicators.Placed!.id: String should match pattern"),
        ('share_of = "placed"', 'share_of = "events"', "indicators.outcome.share_of: events is no indicator"),
        ('by = ["area", "size"]', 'by = ["year"]', "indicators.actors_companies.by: companies_active cannot be divided by year"),
        ('"037006"', '"037032"', "areas: the municipality 037032 lies in two areas"),
        ('id = "visited"', 'id = "students"', "indicators: the id students stands twice"),
        ('homepage = "https:', 'homepage = "ftp:', "publisher.homepage: String should match pattern"),
        ("[publisher]", "[publisher", "is no TOML"),
        ('source = "Defined', 'origin = "Defined', "source: Field required"),
    ],
)  # fmt: skip
def test_each_bad_field_is_named(tmp_path: Path, before: str, after: str, told: str) -> None:
    assert before in GOOD
    assert any(one.startswith(told) for one in faults(tmp_path, GOOD.replace(before, after)))


def test_a_folder_of_ones_own_adds_policies_and_wins(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(GOOD.replace('id = "network"', 'id = "s3"'))
    (tmp_path / "b.toml").write_text(GOOD.replace('it = "Studenti"', 'it = "Alunni"'))
    found = policies.load(str(tmp_path))
    assert sorted(found) == ["network", "s3"]
    assert found["network"].indicator("students").it == "Alunni"
