"""Where each entry is found: a table made from leaves and payloads, and never believed more than they are.

Rows follow the tree: whatever stands below the last one is there. They are made before each search and once a minute,
and may be deleted and made anew at any time. A search opens what it found and leaves out what is not as its row says.
"""

import hmac
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from sqlalchemy import select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from audit.entry import decode
from audit.errors import LeafInvalidError
from audit.models import ENTRIES
from audit.months import month_of
from vault.context import SYSTEM, Context, Vault
from vault.models import LogLine
from vault.trail.lines import (
    Known,
    acting_organisation,
    acting_reference,
    as_id,
    open_for_auditor,
    payloads_of,
    service_in,
)

BATCH: Final = 1000
UNREADABLE: Final = "unreadable"
"""The event of an entry whose bytes are no leaf any more."""


def catch_up(vault: Vault) -> int:
    """Note the places of all entries that have none yet; return how many."""
    done = 0
    while rows := _new_entries(vault):
        with vault.transaction(SYSTEM) as ctx:
            insert = sqlite.insert if vault.db.is_sqlite else postgresql.insert
            adding = insert(LogLine).on_conflict_do_nothing()  # another process may be at it
            ctx.session.connection().execute(adding, [{**_EMPTY, **place} for place in places_of(ctx, rows)])
        done += len(rows)
    return done


def _new_entries(vault: Vault) -> Sequence[Any]:
    newest = select(LogLine.log, LogLine.at).order_by(LogLine.log.desc(), LogLine.at.desc()).limit(1)
    with vault.reading(SYSTEM) as ctx:
        last = ctx.session.execute(newest).one_or_none()
        columns = (ENTRIES.c.log, ENTRIES.c.index.label("at"), ENTRIES.c.subject, ENTRIES.c.leaf)
        query = select(*columns).order_by(ENTRIES.c.log, ENTRIES.c.index).limit(BATCH)
        if last is not None:
            query = query.where(tuple_(ENTRIES.c.log, ENTRIES.c.index) > tuple_(last.log, last.at))
        return ctx.session.execute(query).all()


def places_of(ctx: Context, rows: Iterable[Any]) -> Iterable[dict[str, Any]]:
    """
    What the table is to say of each entry in *rows* (log, at, subject, leaf), by column.

    The columns that come from an entry's details are left out where those do not open.
    """
    leaves = {}
    for row in rows:
        try:
            leaves[row.log, row.at] = decode(row.leaf)
        except LeafInvalidError:
            yield {"log": row.log, "at": row.at, "time": 0, "event": UNREADABLE, "subject": row.subject}
    payloads, known = payloads_of(ctx, leaves.values()), Known(ctx)
    for (log, index), leaf in leaves.items():
        facts = open_for_auditor(known, payloads.get(leaf.commitment or ""))
        yield {
            "log": log,
            "at": index,
            "time": leaf.time,
            "event": str(leaf.event),
            "purpose": leaf.purpose,
            "subject": bytes.fromhex(leaf.subject) if leaf.subject else None,
            **(_from_facts(ctx, known, facts, month_of(leaf.time)) if facts else {}),
        }


_EMPTY: Final = dict.fromkeys(("purpose", "subject", "organisation_id", "service_id", "person", "grant_id", "case_id"))


def _from_facts(ctx: Context, known: Known, facts: Mapping[str, Any], month: str) -> dict[str, Any]:
    reference = acting_reference(facts)
    return {
        "organisation_id": acting_organisation(known, facts),
        "service_id": service_in(facts),
        "person": person_mark(ctx, reference, month) if reference else None,
        "grant_id": as_id(facts.get("grant")),
        "case_id": as_id(facts.get("case")),
    }


def person_mark(ctx: Context, reference: str, month: str) -> bytes:
    """What one month's rows know the staff member with *reference* by, 16 bytes; it says nothing without the key."""
    text = b"person\0" + month.encode() + b"\0" + reference.strip().casefold().encode()
    return hmac.digest(ctx.keyring.reference_key(), text, "sha256")[:16]
