"""A citizen's own lines, found by the pseudonyms of the months since their record began."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime
from uuid import UUID

from audit import read
from policies.model import Action
from vault import hiding
from vault.clock import month_of
from vault.context import Context
from vault.errors import NotFoundError
from vault.judging import demand
from vault.keychain import audit_key
from vault.models import Citizen
from vault.trail.lines import Known, Line, line_of, open_for_subject
from vault.trail.proving import entry_row, position


def of_citizen(ctx: Context, *, citizen_id: UUID, limit: int = 25, before: str | None = None) -> list[Line]:
    """
    A citizen's newest lines, newest first; *before* is the position where the last page ended.

    Raises:
        NotFoundError: No such citizen.
        KeyDestroyedError: The citizen's audit key was destroyed.
    """
    _demand(ctx, citizen_id)
    key = audit_key(ctx, citizen_id=citizen_id)
    mine = list(pseudonyms(ctx, citizen_id, key))
    hidden, late = hiding.hidden(ctx, mine), hiding.late(ctx, mine)
    rows = read.entries_for(ctx.session.connection(), mine, before=position(before), limit=limit, without=hidden)
    known = Known(ctx)
    lines = [line_of(known, row, open_for_subject(row.payload, key)) for row in rows]
    return [replace(each, late=late.get(each.leaf_hash)) for each in lines]


def line(ctx: Context, *, citizen_id: UUID, leaf_hash: bytes) -> Line:
    """
    One line of a citizen's.

    Raises:
        NotFoundError: It is not theirs, there is none, or they see it later; all look the same.
    """
    _demand(ctx, citizen_id)
    key = audit_key(ctx, citizen_id=citizen_id)
    row = entry_row(ctx, leaf_hash)
    mine = list(pseudonyms(ctx, citizen_id, key))
    theirs = row.leaf.subject in {pseudonym.hex() for pseudonym in mine}
    if not theirs or leaf_hash in hiding.hidden(ctx, mine):
        raise NotFoundError("there is no such line")
    found = line_of(Known(ctx), row, open_for_subject(row.payload, key))
    return replace(found, late=hiding.late(ctx, mine).get(leaf_hash))


def shown_late(ctx: Context, *, citizen_id: UUID, since: datetime) -> list[Line]:
    """
    The lines that a citizen sees since *since* and did not for a time, the newest to be shown first.

    Raises:
        NotFoundError, KeyDestroyedError: As `of_citizen`.
    """
    _demand(ctx, citizen_id)
    mine = list(pseudonyms(ctx, citizen_id, audit_key(ctx, citizen_id=citizen_id)))
    found = [(each.since, leaf_hash) for leaf_hash, each in hiding.late(ctx, mine).items() if each.since >= since]
    hidden = hiding.hidden(ctx, mine)
    shown = [leaf_hash for _since, leaf_hash in sorted(found, reverse=True) if leaf_hash not in hidden]
    return [line(ctx, citizen_id=citizen_id, leaf_hash=leaf_hash) for leaf_hash in shown]


def pseudonyms(ctx: Context, citizen_id: UUID, key: bytes) -> Iterator[bytes]:
    """The names (16 bytes each) under which a citizen stands in the log, from the month they came to this one.

    Raises:
        NotFoundError: No such citizen.
    """
    citizen = ctx.session.get(Citizen, citizen_id)
    if citizen is None:
        raise NotFoundError(f"citizen `{citizen_id}` is not known")
    for month in months(month_of(citizen.created_at), month_of(ctx.now)):
        yield ctx.keyring.pseudonym(key, month)


def months(first: str, last: str) -> Iterator[str]:
    """Every month from *first* to *last*, both as in ``2026-11``."""
    year, month = int(first[:4]), int(first[5:])
    while (name := f"{year:04}-{month:02}") <= last:
        yield name
        year, month = (year + 1, 1) if month == 12 else (year, month + 1)  # noqa: PLR2004 -- December


def _demand(ctx: Context, citizen_id: UUID) -> None:
    """Ask the rules; the command line of the server and the vault's own housekeeping stand outside them."""
    if ctx.actor.kind not in {"operator", "system"}:
        demand(ctx, action=Action.VIEW_LOG, citizen_id=citizen_id)
