"""Who acts, as a citizen is shown it: role and team, never a surname; the reference is for auditors."""

from vault import accounts
from vault.context import Context


def acting_person(ctx: Context) -> dict[str, str]:
    """The context's actor for an entry's facts: ``reference``, ``role`` and ``team``; empty unless it is an officer."""
    if ctx.actor.kind != "officer" or ctx.actor.account_id is None:
        return {}
    label = accounts.find(ctx, account_id=ctx.actor.account_id).label
    return {
        "reference": str(ctx.actor.account_id),
        "role": label.job if label else "officer",
        "team": label.team if label else "",
    }
