"""What the log says, opened for tests: events in their order, with actor and facts."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import select

from audit.entry import decode
from audit.models import ENTRIES, OUTBOX, PAYLOADS
from audit.payload import ClosedPayload, open_with_month
from vault.context import OPERATOR, Vault
from vault.keychain import month_key
from vault.models import RefusalSum
from vault.refusals import hand_over


@dataclass(frozen=True, slots=True)
class Told:
    """One entry as an auditor could read it, and its bytes."""

    event: str
    actor: str
    subject: str | None
    facts: dict[str, Any]
    leaf: bytes = field(repr=False)


def told(vault: Vault, *events: str) -> list[Told]:
    """Every entry of the log, oldest first, or only those of *events*."""
    with vault.reading(OPERATOR) as ctx:
        kept = {row.commitment: row for row in ctx.session.execute(select(PAYLOADS))}
        leaves = [row.leaf for row in ctx.session.execute(select(ENTRIES.c.leaf).order_by(ENTRIES.c.index))]
        waiting = {row.leaf: row for row in ctx.session.execute(select(OUTBOX).order_by(OUTBOX.c.id))}
        found = []
        for encoded in [*leaves, *waiting]:
            leaf = decode(encoded)
            held = waiting.get(encoded) or kept.get(bytes.fromhex(leaf.commitment or ""))
            facts: dict[str, Any] = {}
            if leaf.commitment and held is not None and held.payload is not None:
                closed = ClosedPayload(bytes.fromhex(leaf.commitment), held.payload, held.month)
                facts = open_with_month(closed, month_key(ctx, held.month))
            if not events or leaf.event in events:
                found.append(Told(str(leaf.event), leaf.actor, leaf.subject, facts, encoded))
        return found


def refusals(vault: Vault) -> int:
    """How many refusals were written down: entries, and strangers in the sums to come."""
    hand_over(vault, vault.sums)
    entries = [each for each in told(vault) if each.event.endswith(":refused")]
    with vault.reading(OPERATOR) as ctx:
        return len(entries) + sum(ctx.session.scalars(select(RefusalSum.count)))
