"""How much of the log an auditor may read, asked of the rules each time, and the note that they read it.

The whole log is the council's; an entry is part of an organisation's log where its service or staff acted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault.context import Context
from vault.db import is_writing
from vault.errors import KeyDestroyedError
from vault.journal import note
from vault.judging import demand
from vault.models import Organisation

COUNCIL: Final = "council"
"""The kind of the organisation that runs the vault."""
_UNJUDGED: Final = frozenset({"operator", "system"})


@dataclass(frozen=True, slots=True)
class Scope:
    """The part of the log that may be read: everything, or what one organisation's services and staff did."""

    organisation_id: UUID | None = None
    """Empty for the whole log."""
    log_of: UUID | None = None
    """Whose log that is, for the rules."""


def scope_of(ctx: Context) -> Scope:
    """The part that *ctx*'s actor comes to read; whether they may is for the rules to say (`demand_review`)."""
    if ctx.actor.kind in _UNJUDGED:
        return Scope()
    own = ctx.actor.organisation_id
    organisation = ctx.session.get(Organisation, own) if own else None
    if organisation is not None and organisation.kind == COUNCIL:
        return Scope(None, own)
    # An auditor without an organisation gets the part of nobody.
    return Scope(own or UUID(int=0), own)


def demand_review(ctx: Context, scope: Scope) -> None:
    """
    Ask the rules whether the actor may read this part.

    Raises:
        NotAllowedError: They may not; that is logged.
    """
    if ctx.actor.kind not in _UNJUDGED:
        demand(ctx, action=Action.REVIEW_LOG, log_of=scope.log_of)


def begin_review(ctx: Context, *, what: str) -> Scope:
    """
    Ask the rules whether the actor may review their part of *what* beside the log's lines, and log that they do.

    Raises:
        NotAllowedError: They may not; that is logged.
    """
    scope = scope_of(ctx)
    demand_review(ctx, scope)
    note_review(ctx, Event.AUDIT_SEARCHED, {"what": what})
    return scope


def demand_entry(ctx: Context, scope: Scope, organisation_id: UUID | None) -> None:
    """
    Ask the rules whether the actor may read an entry of *organisation_id*; one of nobody's is the council's.

    Raises:
        NotAllowedError: They may not; that is logged.
    """
    if ctx.actor.kind in _UNJUDGED:
        return
    belongs = scope.log_of if scope.organisation_id is None else organisation_id or _council(ctx)
    demand(ctx, action=Action.REVIEW_LOG, log_of=belongs)


def _council(ctx: Context) -> UUID | None:
    found = ctx.session.scalars(select(Organisation).where(Organisation.kind == COUNCIL)).first()
    return found.organisation_id if found else None


def note_review(ctx: Context, event: Event, facts: Mapping[str, Any], *, citizen_id: UUID | None = None) -> None:
    """Log what an auditor does, before they see anything of it; where *ctx* only reads, in a transaction of its own."""
    if is_writing(ctx.session):
        _note(ctx, event, facts, citizen_id)
        return
    with ctx.vault.transaction(ctx.actor) as writing:
        _note(writing, event, facts, citizen_id)


def _note(ctx: Context, event: Event, facts: Mapping[str, Any], citizen_id: UUID | None) -> None:
    try:
        note(ctx, event, citizen_id=citizen_id, facts=facts)
    except KeyDestroyedError:  # nothing in the log can be about them any more; the search itself is told all the same
        note(ctx, event, facts=facts)
