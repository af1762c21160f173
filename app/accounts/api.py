"""Switching accounts off and on, over the API."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Path

from app.accounts import service as accounts
from app.accounts.schemas import AccountOut
from app.rest import InCall, answers

router = APIRouter(prefix="/accounts/{account_id}", tags=["accounts"])

AccountId = Annotated[UUID, Path(description="The account: `user_id` of a member.")]


@router.post("/deactivate", summary="Switch an account off", responses=answers(401, 403, 404, 422))
def deactivate_account(call: InCall, account_id: AccountId) -> AccountOut:
    """End all sessions and let the person sign in no more; memberships stay. A second call changes nothing.

    For administrators, and for school leads where the person teaches or learns at that school and belongs to nothing
    else. A lead is switched off by administrators only.
    """
    with call.write() as (session, actor):
        return AccountOut.model_validate(accounts.deactivate(session, actor, account_id))


@router.post("/reactivate", summary="Switch an account on again", responses=answers(401, 403, 404, 422))
def reactivate_account(call: InCall, account_id: AccountId) -> AccountOut:
    """Let the person sign in again; a second call changes nothing."""
    with call.write() as (session, actor):
        return AccountOut.model_validate(accounts.reactivate(session, actor, account_id))
