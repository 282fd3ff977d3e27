"""Trying whether a service can be told: by those who may change where it is met."""

from uuid import UUID

from policies.model import Step
from vault import webhooks
from vault.context import Context
from vault.registry.addresses import ADDRESSES
from vault.registry.judging import demand_step


def send_test_event(ctx: Context, *, slug: str) -> UUID:
    """
    Put an event on its way to a service that says nothing, to try whether word arrives; return its id.

    Raises:
        NotFoundError: No such service.
        NotAllowedError: The context's actor may not change where this service is met.
        ProofNeededError: They could prove again that it is them, and did not just now.
        WrongStateError: It registered no address for this.
    """
    demand_step(ctx, Step.PROPOSE, ADDRESSES, ADDRESSES.standing(ctx, slug, {}))
    return webhooks.send_test(ctx, slug=slug)
