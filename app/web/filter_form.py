"""The filters of a list of proposals as they stand in its address: empty fields do not ask."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, StringConstraints, ValidationError

from app.dates import Day
from app.matches.filters import Filters
from app.rest import In, Slug
from app.web.language import mark as _
from app.web.ui import View

KILOMETRES = (5, 10, 20, 30, 50, 80)


class _Form(In):
    max_km: Annotated[int, Field(ge=1, le=500)] | None = None
    starts_on: Day | None = None
    ends_on: Day | None = None
    skill_id: Slug | None = None
    is_online: bool | None = None
    text: Annotated[str, StringConstraints(max_length=80, pattern=r"^[^\x00-\x1f]*$")] | None = None


@dataclass(frozen=True)
class Asked:
    """What the address asks; what cannot be read of it stands in `wrong`, and asks nothing."""

    filters: Filters
    written: dict[str, str]
    wrong: list[str] = field(default_factory=list)


def read(view: View) -> Asked:
    """The filters of the page's address."""
    query = view.request.query_params
    written = {name: query.get(name, "").strip() for name in _Form.model_fields}
    try:
        form = _Form.model_validate({name: text for name, text in written.items() if text})
    except ValidationError as error:
        return Asked(Filters(), written, sorted({str(one["loc"][0]) for one in error.errors()}))
    values: dict[str, Any] = form.model_dump()
    if form.starts_on and form.ends_on and form.ends_on < form.starts_on:
        return Asked(Filters(), written, ["ends_on"])
    return Asked(Filters(**values), written)


NAMES = {
    "max_km": _("Distanza"),
    "starts_on": _("Dal giorno"),
    "ends_on": _("Fino al giorno"),
    "skill_id": _("Argomento"),
    "is_online": _("Dove"),
    "text": _("Parole"),
}
