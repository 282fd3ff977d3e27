"""What happened to an account's ways in, from the log: for its owner, whatever their role."""

from collections.abc import Sequence
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
from vault.trail.proving import position

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
"""1,000 lines that could be of the account are looked through at a time."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One line of a sign-in history."""

    at: datetime
    event: str
    method: str
    """How: ``passkey``, ``letter`` and so on; empty where that says nothing."""


def of_account(
    ctx: Context, *, account: AccountView, most: int = 30, before: str | None = None
) -> tuple[list[Happened], str | None]:
    """
    The newest lines about an account's ways in, newest first, and where the next page begins (None at the end).

    Args:
        ctx: The vault, now.
        account: Whose.
        most: How many at most.
        before: Where the last page ended. A page can be short, or empty, and more may still follow.
    """
    found: list[Happened] = []
    mine = _pseudonyms(ctx, account)
    place = position(before)
    for _ in range(PAGES):
        rows = _page(ctx, mine, place)
        for row in rows:
            happened = _opened(ctx, row, account) if row.leaf.event in EVENTS else None
            if happened is not None:
                found.append(happened)
                if len(found) == most:
                    return found, str(row.position) if row.position else None
        if len(rows) < PAGE or rows[-1].position is None:
            return found, None
        place = rows[-1].position
    return found, str(place)


def _pseudonyms(ctx: Context, account: AccountView) -> list[bytes]:
    """The names of a resident's own lines; none for staff, whose lines are about nobody's record."""
    if account.citizen_id is None:
        return []
    return list(pseudonyms(ctx, account.citizen_id, audit_key(ctx, citizen_id=account.citizen_id)))


def _page(ctx: Context, mine: list[bytes], before: read.Position | None) -> Sequence[read.EntryRow]:
    connection = ctx.session.connection()
    if mine:
        return read.entries_for(connection, mine, before=before, limit=PAGE)
    return read.latest(connection, limit=PAGE, before=before)


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
