"""What happened to an account's ways in, from the log: for its owner, whatever their role."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from audit import read
from audit.events import Event
from audit.payload import open_with_subject
from vault.accounts import AccountView
from vault.clock import from_microseconds
from vault.context import Context
from vault.errors import VaultError
from vault.keychain import audit_key, house_key
from vault.trail import pseudonyms

EVENTS: Final = frozenset(
    {
        Event.SIGN_IN_MADE,
        Event.SIGN_IN_ENDED,
        Event.SIGN_IN_PROVEN,
        Event.SIGN_IN_REFUSED,
        Event.PASSKEY_ADDED,
        Event.PASSKEY_RENAMED,
        Event.PASSKEY_REMOVED,
        Event.IDENTITY_BOUND,
        Event.IDENTITY_UNBOUND,
        Event.LINK_MADE,
        Event.LINK_USED,
        Event.RECOVERY_MADE,
        Event.RECOVERY_USED,
        Event.RECOVERY_CANCELLED,
    }
)
"""What a sign-in history shows."""

PAGE: Final = 100
PAGES: Final = 10
"""The newest 1,000 lines that could be of the account are looked through, no more."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a sign-in history."""

    at: datetime
    event: str
    method: str
    """How: ``passkey``, ``letter`` and so on; empty where that says nothing."""


def of_account(ctx: Context, *, account: AccountView, most: int = 30) -> list[Happened]:
    """The newest *most* lines about an account's ways in, newest first."""
    found = []
    for row in _rows(ctx, account):
        happened = _opened(ctx, row, account)
        if happened is not None:
            found.append(happened)
            if len(found) == most:
                break
    return found


def _rows(ctx: Context, account: AccountView) -> Iterator[read.EntryRow]:
    """Lines that could be the account's, newest first: a resident's own, or those about nobody's record."""
    mine = []
    if account.citizen_id is not None:
        key = audit_key(ctx, citizen_id=account.citizen_id)
        mine = list(pseudonyms(ctx, account.citizen_id, key))
    before: read.Position | None = None
    for _ in range(PAGES):
        connection = ctx.session.connection()
        rows = (
            read.entries_for(connection, mine, before=before, limit=PAGE)
            if mine
            else read.latest(connection, limit=PAGE, before=before)
        )
        yield from (row for row in rows if row.leaf.event in EVENTS)
        if len(rows) < PAGE or rows[-1].position is None:
            return
        before = rows[-1].position


def _opened(ctx: Context, row: read.EntryRow, account: AccountView) -> Happened | None:
    if row.payload is None or (account.citizen_id is None and row.leaf.subject is not None):
        return None
    key = audit_key(ctx, citizen_id=account.citizen_id) if account.citizen_id else house_key(ctx)
    try:
        opened = open_with_subject(row.payload, key)
    except VaultError:
        return None
    facts = {**opened.facts, **(opened.personal or {})}
    if facts.get("account") != str(account.account_id):
        return None
    return Happened(
        from_microseconds(row.leaf.time), str(row.leaf.event), str(facts.get("method") or facts.get("kind", ""))
    )
