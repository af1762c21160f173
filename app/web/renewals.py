"""Offering last year's opportunity again: one click, one confirmation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from fastapi import APIRouter
from pydantic import ValidationError
from starlette.responses import Response

from app.dates import WeekdayName
from app.opportunities import access, rules
from app.opportunities import service as opportunities
from app.opportunities.schemas import OpportunityOut
from app.postings import service as postings
from app.postings.schemas import RenewalIn
from app.web import company_words, posting_forms
from app.web.posting_forms import InFields, Wrong
from app.web.ui import InView, View

router = APIRouter(include_in_schema=False)


@router.get("/opportunities/{opportunity_id}/renewal")
def show_renewal(view: InView, opportunity_id: UUID) -> Response:
    """The same a year ahead, with its new dates to look at; nothing is made yet."""
    return _show(view, opportunity_id, None, ())


@router.post("/opportunities/{opportunity_id}/renewal")
def renew(view: InView, fields: InFields, opportunity_id: UUID) -> Response:
    """Make the renewal and publish it; the same form sent again leads to the one that there is."""
    form = posting_forms.sent_details(fields)
    with view.read() as (session, actor):
        [old] = opportunities.show(session, [opportunities.read(session, actor, opportunity_id)])
    try:
        given = RenewalIn.model_validate(posting_forms.renewal_of(form, old))
        with view.write() as (session, actor):
            opportunities.get_for_change(session, actor, opportunity_id)
            present = postings.renewal_of(session, opportunity_id)
            if present is None:
                row = postings.renew(session, actor, opportunity_id, given, now=view.now())
                postings.note_effort(session, row.id, **posting_forms.effort(fields, view.now()))
                postings.publish(session, actor, row.id, now=view.now())
                present = row.id
    except ValidationError as error:
        return _show(view, opportunity_id, form, posting_forms.of_validation(error))
    except (opportunities.UnfitOpportunity, opportunities.NotReady) as problem:
        return _show(view, opportunity_id, form, posting_forms.wrong(problem.faults))
    return view.go(f"/opportunities/{present}/preview")


def _show(view: View, opportunity_id: UUID, form: dict[str, Any] | None, wrong: Sequence[Wrong]) -> Response:
    with view.read() as (session, actor):
        row = opportunities.read(session, actor, opportunity_id)
        if not rules.can_edit(
            actor, row.company_id, row.kind, is_overseen=access.is_overseen(session, actor, opportunity_id)
        ):
            raise opportunities.NotYourOpportunity
        proposed = postings.propose_renewal(session, actor, opportunity_id, now=view.now())
        [out] = opportunities.show(session, [row])
        present = postings.renewal_of(session, opportunity_id)
    if present is not None:
        return view.go(f"/opportunities/{present}/preview")
    ahead = OpportunityOut.model_validate(
        out.model_dump() | proposed.model_dump(include={"spans", "closes_on"})
    )
    return view.show(
        "company/renewal.html", status=422 if wrong else 200, opportunity=out, wrong=wrong,
        form=form or posting_forms.details_of(ahead), company_words=company_words, weekdays=list(WeekdayName),
        wrong_at={one.control: one for one in wrong}, opened=int(view.now().timestamp()),
    )  # fmt: skip
