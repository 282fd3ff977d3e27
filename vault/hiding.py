"""What the law keeps from a citizen for a time: entries of the log, and what they would show of a share.

Whatever is read for a citizen, or for who looks for them, comes through here: lines, counts, uses, the last look. It is
left out as if it had never been. Once its day has come, or it is lifted, it is there by itself and says it is late.
"""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import and_, func, select

from audit.events import Event
from audit.models import ENTRIES
from vault.clock import from_microseconds
from vault.context import Context
from vault.journal import note
from vault.kinds import DelayState
from vault.models import Delay, LogLine

_READERS: Final = frozenset({"citizen", "delegate"})


@dataclass(frozen=True, slots=True)
class Late:
    """That a line was shown late: until when, on whose word, by which law."""

    since: datetime
    """From when the citizen sees it."""
    authority: str
    law: str
    """Its name in `vault.delays.LAWS`."""


@dataclass(frozen=True, slots=True)
class Uses:
    """How often a share was used, and when last, as its citizen may know it."""

    count: int
    last: datetime | None


def hidden(ctx: Context, subjects: Collection[bytes]) -> frozenset[bytes]:
    """
    The leaf hashes of the entries that whoever has these pseudonyms does not see now.

    Raises:
        RowForgedError: A delay was planted or altered behind the vault's back: nothing is shown, and nothing is hidden.
    """
    return frozenset(
        bytes.fromhex(each) for delay in _of(ctx, subjects) if _hides(delay, ctx.now) for each in delay.entries
    )


def late(ctx: Context, subjects: Collection[bytes]) -> dict[bytes, Late]:
    """What these pseudonyms see by now and did not for a time, by leaf hash."""
    found: dict[bytes, Late] = {}
    for delay in _of(ctx, subjects):
        since = _shown_since(delay, ctx.now)
        if since is not None:
            for each in delay.entries:
                found[bytes.fromhex(each)] = Late(since, delay.authority, delay.law)
    return found


def uses_of(ctx: Context, *, grant_id: UUID, uses: int, last: datetime | None) -> Uses:
    """
    A share's *uses* and *last* use as the context's actor may know them: a citizen without what is hidden from them.

    Args:
        ctx: Who reads is its actor; services, officers and the vault itself see what was so.
        grant_id: Which share.
        uses: How often it was used.
        last: When last.
    """
    return uses_known(ctx, grant_id=grant_id, uses=uses, last=last) if ctx.actor.kind in _READERS else Uses(uses, last)


def uses_known(ctx: Context, *, grant_id: UUID, uses: int, last: datetime | None) -> Uses:
    """As `uses_of`, and whoever acts: what the citizen may know."""
    rows = ctx.session.scalars(select(Delay).where(Delay.grant_id == grant_id, Delay.state == DelayState.RUNNING))
    running = [row for row in rows if _hides(row, ctx.now)]
    if not running:
        return Uses(uses, last)
    count = uses - sum({row.leaf_hash: row.uses for row in running}.values())
    if last in {row.entry_at for row in running if row.uses}:
        last = _last_shown(ctx, grant_id, [each for row in running for each in row.entries])
    return Uses(count, last)


def hides_uses(ctx: Context, *, grant_id: UUID) -> bool:
    """Whether looks under a share are hidden from its citizen, or may be soon: its being used up would tell of them."""
    live = Delay.state.in_((DelayState.RUNNING, DelayState.WAITING))
    rows = ctx.session.scalars(select(Delay).where(Delay.grant_id == grant_id, live))
    return any(row.uses and row.until > ctx.now for row in rows)


def follow(ctx: Context, *, grant_id: UUID, uses: int, max_uses: int, leaf_hash: bytes) -> bool:
    """
    Hide a refusal with the looks that brought it about: a share that hidden looks used up tells of them by its noes.

    It goes with the delay that ends last, running or waiting for its second person, and into that delay's own entries.

    Args:
        ctx: The transaction in which the refusal is logged.
        grant_id: Under which share something was refused.
        uses: How often that was used.
        max_uses: How often it may be.
        leaf_hash: The refusal's entry.

    Returns:
        Whether it is hidden: not where the share is used up by what its citizen knows of too.
    """
    if uses < max_uses:
        return False
    kept = (DelayState.RUNNING, DelayState.WAITING)
    mine = select(Delay).where(Delay.grant_id == grant_id, Delay.uses > 0)
    live = mine.where(Delay.state.in_(kept), Delay.until > ctx.now).order_by(Delay.until.desc(), Delay.delay_id)
    rows = ctx.session.scalars(live.with_for_update()).all()
    if uses - sum({row.leaf_hash: row.uses for row in rows}.values()) >= max_uses:
        return False
    last = next((row for row in rows if row.state is DelayState.RUNNING), rows[0])
    last.entries = [*last.entries, leaf_hash.hex()]
    last.version += 1
    facts = {"delay": str(last.delay_id), "entry": leaf_hash.hex(), "entries": len(last.entries)}
    note(ctx, Event.DELAY_FOLLOWED, facts=facts)
    return True


def _last_shown(ctx: Context, grant_id: UUID, without: Sequence[str]) -> datetime | None:
    """The newest look under a share that is not hidden: what is hidden has its place, and so has all before it."""
    there = and_(ENTRIES.c.log == LogLine.log, ENTRIES.c.index == LogLine.at)
    query = select(func.max(LogLine.time)).join(ENTRIES, there)
    looks = LogLine.grant_id == grant_id, LogLine.event == str(Event.RECORD_OPENED)
    others = ENTRIES.c.leaf_hash.not_in([bytes.fromhex(each) for each in without])
    newest = ctx.session.scalar(query.where(*looks, others))
    return None if newest is None else from_microseconds(newest)


def _of(ctx: Context, subjects: Collection[bytes]) -> Iterable[Delay]:
    if not subjects:
        return []
    kept = (DelayState.RUNNING, DelayState.LIFTED, DelayState.OPENED)
    return ctx.session.scalars(select(Delay).where(Delay.subject.in_(list(subjects)), Delay.state.in_(kept))).all()


def _hides(delay: Delay, now: datetime) -> bool:
    return delay.state is DelayState.RUNNING and delay.until > now


def _shown_since(delay: Delay, now: datetime) -> datetime | None:
    if _hides(delay, now):
        return None
    return delay.ended_at if delay.state is DelayState.LIFTED else delay.until
