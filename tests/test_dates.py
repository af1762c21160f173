import pytest
from pydantic import TypeAdapter, ValidationError

from app import dates


@pytest.mark.parametrize("mask", range(128))
def test_weekdays_survive_the_way_to_names_and_back(mask: int) -> None:
    assert dates.weekdays_to_mask(dates.mask_to_weekdays(mask)) == mask


@pytest.mark.parametrize("mask", range(8))
def test_parts_survive_the_way_to_names_and_back(mask: int) -> None:
    assert dates.parts_to_mask(dates.mask_to_parts(mask)) == mask


@pytest.mark.parametrize(
    ("kind", "given", "detail"),
    [
        (dates.Weekdays, [], "List should have at least 1 item after validation, not 0"),
        (dates.Weekdays, ["MO", "MO"], "Value error, the same value stands twice"),
        (dates.Weekdays, ["mo"], "Input should be 'MO', 'TU', 'WE', 'TH', 'FR', 'SA' or 'SU'"),
        (dates.Parts, ["night"], "Input should be 'morning', 'afternoon' or 'evening'"),
        (dates.Parts, ["morning"] * 4, "List should have at most 3 items after validation, not 4"),
        (dates.Day, "1900-01-01", "Input should be greater than or equal to 2000-01-01"),
        (dates.Day, "2101-01-01", "Input should be less than or equal to 2100-12-31"),
        *[
            (dates.Day, given, "Value error, is a day, written as YYYY-MM-DD")
            for given in (1_790_000_000, "1790035200", 0, True, "2026-09-22T00:00:00", "22/09/2026", "")
        ],
        *[
            (dates.ClockTime, given, "Value error, is a time of the day, written as HH:MM")
            for given in (28_800, "28800", 0.5, False, "")
        ],
        (dates.ClockTime, "08:00Z", "Value error, is a time on the place's own clock, without a zone"),
    ],
)
def test_dates_refuse_what_is_not_one(kind: object, given: object, detail: str) -> None:
    with pytest.raises(ValidationError) as refused:
        TypeAdapter(kind).validate_python(given)
    assert [error["msg"] for error in refused.value.errors()] == [detail]
