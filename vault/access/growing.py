"""Where does a young citizen stand in life today? Their birth date is opened for this; the date itself stays here."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from uuid import UUID

from audit.events import Event
from policies.model import Action, Decision, Request
from vault import citizens
from vault import facts as reading
from vault.access.refusing import note_broken
from vault.clock import microseconds
from vault.context import SYSTEM, Context, Vault
from vault.errors import NotAllowedError, NotFoundError
from vault.facts import Item
from vault.journal import note
from vault.judged import told
from vault.judging import principal_of
from vault.kinds import CitizenStatus, RecordStatus
from vault.models import Citizen
from vault.release import Release
from vault.turns import turns_after

BORN: Final = "identity.date_of_birth"
_ASKED: Final = frozenset({BORN})


@dataclass(frozen=True, slots=True)
class Stage:
    """Where someone stands, and the days still to come on which that changes."""

    status: CitizenStatus
    turns: tuple[date, ...]


def stage_of_life(vault: Vault, *, citizen_id: UUID) -> Stage | None:
    """
    Where a child or young person stands today; nothing where no birth date is recorded.

    The check is logged before anything is opened.

    Args:
        vault: The running vault, not within a transaction of the caller's.
        citizen_id: Whom it is about.

    Raises:
        NotFoundError: No such citizen.
        NotAllowedError: The rules do not allow the check, as for an adult or somebody who died.
        SealBrokenError: Their identity does not open; that is logged.
    """
    with vault.reading(SYSTEM) as ctx:
        found, decision = _found(ctx, citizen_id), _judged(ctx, citizen_id)
    with vault.transaction(SYSTEM) as ctx:
        leaf_hash, now = _log(ctx, citizen_id, decision), ctx.now
    if not decision.allowed:
        raise NotAllowedError("the rules do not allow this check")
    release = Release(
        fields=_ASKED,
        asked=_ASKED,
        missing=(),
        leaf_hash=leaf_hash,
        time_us=microseconds(now),
        items=found,
        keyring=vault.keyring,
        on_broken=lambda broken: note_broken(vault, citizen_id, broken),
    )
    born = _newest(release)
    if born is None:
        return None
    today = now.date()
    return Stage(citizens.status_at(born, deceased=False, today=today), turns_after(born, today))


def _found(ctx: Context, citizen_id: UUID) -> tuple[Item, ...]:
    every = reading.items(ctx.vault.db, citizen_id=citizen_id, categories=frozenset({"identity"}))
    return tuple(item for item in every if item.record["status"] is RecordStatus.CURRENT)


def _judged(ctx: Context, citizen_id: UUID) -> Decision:
    citizen = ctx.session.get(Citizen, citizen_id)
    if citizen is None:
        raise NotFoundError(f"citizen `{citizen_id}` is not known")
    request = Request(
        action=Action.CHECK_AGE,
        principal=principal_of(ctx.actor, now=ctx.now),
        now=microseconds(ctx.now),
        owner=str(citizen_id),
        owner_status=str(citizen.status),
        fields=_ASKED,
    )
    return ctx.vault.engine.decide(request)


def _log(ctx: Context, citizen_id: UUID, decision: Decision) -> bytes:
    event = Event.AGE_CHECKED if decision.allowed else Event.RECORD_REFUSED
    facts = {"fields": sorted(_ASKED), **told(decision)}
    return note(ctx, event, citizen_id=citizen_id, policy_set=decision.policy_set, facts=facts)


def _newest(release: Release) -> date | None:
    """The birth date that came in last; what is no whole date says nothing."""
    for record in sorted(release.unseal().records, key=lambda each: each.received_at, reverse=True):
        try:
            return date.fromisoformat(str(record.fields[BORN]))
        except ValueError:
            continue
    return None
