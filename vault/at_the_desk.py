"""Who may act at a desk for a resident's way in: officers of the council that runs the vault, and nobody else's."""

from uuid import UUID

from vault.context import Context
from vault.errors import NotAllowedError
from vault.models import Organisation
from vault.trail.scope import COUNCIL


def officer_of_the_council(ctx: Context) -> UUID:
    """
    The account of the officer who acts.

    Raises:
        NotAllowedError: The actor is no officer, or works for another organisation than the council.
    """
    if ctx.actor.kind != "officer" or ctx.actor.account_id is None:
        raise NotAllowedError("only an officer does this at a desk")
    if not is_of_the_council(ctx):
        raise NotAllowedError("only an officer of the council does this at a desk")
    return ctx.actor.account_id


def is_of_the_council(ctx: Context) -> bool:
    """Whether the actor works for the council that runs the vault."""
    own = ctx.actor.organisation_id
    organisation = ctx.session.get(Organisation, own) if own else None
    return organisation is not None and organisation.kind == COUNCIL
