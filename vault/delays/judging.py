"""Each step of a delay, put to the rules with what they judge; and its entry in the log, under the house key.

No entry about a delay has a subject: it would stand in the very list that it keeps something out of.
"""

from datetime import timedelta
from uuid import UUID

from audit.events import Event
from policies.model import Action, DelayFacts, DelayStep
from vault import accounts, services
from vault.clock import microseconds
from vault.context import Context
from vault.errors import NotFoundError
from vault.journal import note
from vault.judging import demand
from vault.kinds import AccountStatus, Role
from vault.models import Delay

COUNCIL = "council"
WHO = frozenset({Role.AUDITOR, Role.ADMINISTRATOR})


def demand_step(ctx: Context, step: DelayStep, row: Delay, *, about_self: bool = False) -> None:
    """
    Ask the rules whether the context's actor may take *step* with the delay *row*.

    Raises:
        NotAllowedError: The answer is no, which is logged.
        ProofNeededError: It would be yes if the person proved again that it is them.
    """
    facts = DelayFacts(
        step=step,
        keeper=is_of_the_council(ctx),
        own=row.proposed_by == ctx.actor.account_id,
        about_self=about_self,
        proposer_stands=stands(ctx, account_id=row.proposed_by),
        days=-((row.entry_at - row.until) // timedelta(days=1)),
        until=microseconds(row.until),
    )
    demand(ctx, action=Action.DELAY, delay=facts, log_of=ctx.actor.organisation_id)


def stands(ctx: Context, *, account_id: UUID) -> bool:
    """Whether an account is still one that may ask for a delay."""
    try:
        found = accounts.find(ctx, account_id=account_id)
    except NotFoundError:
        return False
    return found.role in WHO and found.status is AccountStatus.ACTIVE


def demand_read(ctx: Context) -> None:
    """
    Ask the rules whether the context's actor may see what is asked for and decided: whom it suspects may be anybody's.

    Raises:
        NotAllowedError: The answer is no, which is logged.
    """
    facts = DelayFacts(
        step=DelayStep.READ,
        keeper=is_of_the_council(ctx),
        own=False,
        about_self=False,
        proposer_stands=True,
        days=0,
        until=microseconds(ctx.now),
    )
    demand(ctx, action=Action.DELAY, delay=facts, log_of=ctx.actor.organisation_id)


def is_of_the_council(ctx: Context) -> bool:
    """Whether the context's actor belongs to the council, whose log it is."""
    own: UUID | None = ctx.actor.organisation_id
    return own is not None and services.organisation_by_id(ctx, organisation_id=own).kind == COUNCIL


def note_step(ctx: Context, event: Event, row: Delay) -> bytes:
    """Log what was done with a delay."""
    facts = {
        "delay": str(row.delay_id),
        "entry": row.leaf_hash.hex(),
        "entries": len(row.entries),
        "until": row.until.isoformat(),
        "law": row.law,
        "authority": row.authority,
    }
    return note(ctx, event, facts=facts)
