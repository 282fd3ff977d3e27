"""What the log tells of a change of the registry: its entries, opened, and whether they stand in the signed tree."""

from dataclasses import dataclass
from datetime import datetime

from audit import read
from audit.errors import AuditError
from audit.payload import open_with_subject
from vault import trail
from vault.clock import from_microseconds
from vault.context import Context
from vault.keychain import house_key
from vault.registry.views import ChangeView


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """One entry of the log about a change."""

    leaf_hash: bytes
    at: datetime
    what: str
    """``proposed``, ``approved``, ``rejected``, ``taken back``, ``stopped at once`` and the like."""
    position: str | None
    """Its place in the log; empty while it waits for its number."""
    included: bool
    """Whether it stands in the newest signed head."""


def told(ctx: Context, *, change: ChangeView) -> list[Told]:
    """
    The entries of *change*, oldest first.

    An entry that is missing, or tells of another change than the row says, is left out: the page then says that the log
    does not bear this change out, and ``audit verify`` names the row.
    """
    found = (_entry(ctx, change, leaf_hash) for leaf_hash in change.leaves)
    return [entry for entry in found if entry is not None]


def _entry(ctx: Context, change: ChangeView, leaf_hash: bytes) -> Told | None:
    try:
        row = read.entry(ctx.session, leaf_hash)
        facts = open_with_subject(row.payload, house_key(ctx)).facts if row.payload else {}
    except AuditError:
        return None
    if facts.get("change") != str(change.change_id):
        return None
    return Told(
        leaf_hash=leaf_hash,
        at=from_microseconds(row.leaf.time),
        what=str(facts.get("what")),
        position=str(row.position) if row.position else None,
        included=trail.check(ctx, leaf_hash=leaf_hash).included,
    )
