"""Each step of a change, put to the rules with what they judge: whose thing, whose proposal, whether it stands."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from policies.model import Action, ChangeFacts, Step
from vault import accounts, services
from vault.context import Context
from vault.errors import NotFoundError
from vault.judging import demand
from vault.kinds import AccountStatus, ChangeKind, Role
from vault.models import RegistryChange
from vault.registry import addresses as address_changes
from vault.registry import organisations as organisation_changes
from vault.registry import purposes as purpose_changes
from vault.registry import services as service_changes
from vault.registry import staff as staff_changes
from vault.registry.handling import Handling, Standing
from vault.registry.views import ChangeView

KEEPERS: Final = frozenset({"council"})
"""The kinds of organisation whose administrators keep what all share."""

HANDLINGS: Final[Mapping[ChangeKind, Handling]] = {
    ChangeKind.ORGANISATION: organisation_changes.ORGANISATION,
    ChangeKind.SERVICE: service_changes.SERVICE,
    ChangeKind.SERVICE_WORDS: service_changes.WORDS,
    ChangeKind.SERVICE_KEYS: service_changes.KEYS,
    ChangeKind.SERVICE_PURPOSES: service_changes.PURPOSES,
    ChangeKind.SERVICE_ADDRESSES: address_changes.ADDRESSES,
    ChangeKind.SERVICE_SUSPENDED: service_changes.SUSPENDED,
    ChangeKind.SERVICE_RESUMED: service_changes.RESUMED,
    ChangeKind.PURPOSE: purpose_changes.PURPOSE,
    ChangeKind.ACCOUNT: staff_changes.ACCOUNT,
    ChangeKind.ACCOUNT_LINK: staff_changes.LINK,
    ChangeKind.ACCOUNT_CHANGED: staff_changes.CHANGED,
    ChangeKind.ACCOUNT_SUSPENDED: staff_changes.SUSPENDED,
    ChangeKind.ACCOUNT_RESUMED: staff_changes.RESUMED,
    ChangeKind.ACCOUNT_CLOSED: staff_changes.CLOSED,
}


def demand_step(
    ctx: Context, step: Step, handling: Handling, standing: Standing, row: RegistryChange | None = None
) -> None:
    """
    Ask the rules whether the context's actor may take *step* with a change (*row*, where there is one already).

    Raises:
        NotAllowedError: The answer is no, which is logged.
        ProofNeededError: It would be yes if the person proved again that it is them.
    """
    facts = ChangeFacts(
        step=step,
        organisation=str(standing.organisation_id or ""),
        shared=handling.shared,
        keeper=_keeps(ctx),
        own=row is not None and row.proposed_by == ctx.actor.account_id,
        about_self=row is not None and row.subject == str(ctx.actor.account_id),
        proposer_stands=row is None or _stands(ctx, row.proposed_by),
        current=row is None or (standing.version, standing.content) == (row.base_version, row.replaced),
    )
    demand(ctx, action=Action.ADMINISTER, change=facts)


def stands_as_proposed(ctx: Context, *, change: ChangeView) -> bool:
    """Whether a change that waits could be applied: its thing has not changed since, and who proposed it still may."""
    standing = HANDLINGS[change.kind].standing(ctx, change.subject, change.content)
    as_it_was = (standing.version, standing.content) == (change.base_version, change.replaced)
    return as_it_was and _stands(ctx, change.proposed_by)


def _keeps(ctx: Context) -> bool:
    if ctx.actor.organisation_id is None:
        return False
    return services.organisation_by_id(ctx, organisation_id=ctx.actor.organisation_id).kind in KEEPERS


def _stands(ctx: Context, account_id: UUID | None) -> bool:
    if account_id is None:
        return False
    try:
        found = accounts.find(ctx, account_id=account_id)
    except NotFoundError:
        return False
    return (found.role, found.status) == (Role.ADMINISTRATOR, AccountStatus.ACTIVE)
