"""Keys as rows: which keys exist, making them, and opening them through the keyring.

The rows hold keys wrapped; a fingerprint inside the row's mark says which key it must turn out to be, so an older wrap
put back is refused.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select

from vault.clock import month_of
from vault.context import Context
from vault.errors import KeyDestroyedError, KeyNotFoundError
from vault.keyring import WrappedKey
from vault.models import CategoryKey, CitizenKey, HouseKey, KeyState

RECORD = "record"
AUDIT = "audit"
HOUSE = "house"
MONTH = "month:"
"""What the names of the months' keys begin with."""


def make_citizen_keys(ctx: Context, *, citizen_id: UUID) -> None:
    """Make a new citizen's two keys: one for records, one for their lines in the log. The caller notes it."""
    for kind in (RECORD, AUDIT):
        made = ctx.keyring.new_citizen_key(citizen_id, kind, 1)
        ctx.session.add(_citizen_row(made, citizen_id=citizen_id, kind=kind, generation=1, now=ctx.now))
    ctx.session.flush()


def _citizen_row(made: WrappedKey, *, citizen_id: UUID, kind: str, generation: int, now: datetime) -> CitizenKey:
    return CitizenKey(
        citizen_id=citizen_id,
        kind=kind,
        generation=generation,
        wrapped=made.blob,
        fingerprint=made.fingerprint,
        created_at=now,
    )


def _newest(ctx: Context, citizen_id: UUID, kind: str) -> CitizenKey:
    found = ctx.session.scalars(
        select(CitizenKey)
        .where(CitizenKey.citizen_id == citizen_id, CitizenKey.kind == kind)
        .order_by(CitizenKey.generation.desc())
        .limit(1)
    ).one_or_none()
    if found is None:
        raise KeyNotFoundError(f"citizen `{citizen_id}` has no {kind} key")
    return found


def _open(ctx: Context, row: CitizenKey) -> bytes:
    if row.state is KeyState.DESTROYED:
        raise KeyDestroyedError(f"the {row.kind} key of citizen `{row.citizen_id}` was destroyed")
    return ctx.keyring.open_citizen_key(
        row.citizen_id, row.kind, row.generation, WrappedKey(row.wrapped, row.fingerprint)
    )


def audit_key(ctx: Context, *, citizen_id: UUID) -> bytes:
    """
    The key of a citizen's lines in the log, 32 bytes.

    Raises:
        KeyNotFoundError: The citizen has none.
        KeyDestroyedError: It was destroyed.
    """
    return _open(ctx, _newest(ctx, citizen_id, AUDIT))


def category_key_for_writing(ctx: Context, *, citizen_id: UUID, category: str) -> tuple[int, bytes]:
    """
    The newest epoch and key (32 bytes) of one category, made if there is none yet. The caller notes a new one.

    Raises:
        KeyNotFoundError: The citizen has no key.
        KeyDestroyedError: The citizen's key was destroyed.
    """
    newest = select(func.max(CategoryKey.epoch)).where(
        CategoryKey.citizen_id == citizen_id, CategoryKey.category == category
    )
    epoch = ctx.session.scalar(newest)
    if epoch is not None:
        return epoch, category_key(ctx, citizen_id=citizen_id, category=category, epoch=epoch)
    parent = _newest(ctx, citizen_id, RECORD)
    made = ctx.keyring.new_category_key(_open(ctx, parent), citizen_id, category, 1)
    ctx.session.add(
        CategoryKey(
            citizen_id=citizen_id,
            category=category,
            epoch=1,
            generation=parent.generation,
            wrapped=made.blob,
            fingerprint=made.fingerprint,
            created_at=ctx.now,
        )
    )
    ctx.session.flush()
    return 1, category_key(ctx, citizen_id=citizen_id, category=category, epoch=1)


def category_key(ctx: Context, *, citizen_id: UUID, category: str, epoch: int) -> bytes:
    """
    The key of one category and epoch, 32 bytes.

    Raises:
        KeyNotFoundError: There is none.
        KeyDestroyedError: The citizen's key was destroyed.
    """
    row = ctx.session.get(CategoryKey, (citizen_id, category, epoch))
    if row is None:
        raise KeyNotFoundError(f"category `{category}` of citizen `{citizen_id}` has no key of epoch {epoch}")
    parent = ctx.session.get(CitizenKey, (citizen_id, RECORD, row.generation))
    if parent is None:
        raise KeyNotFoundError(f"citizen `{citizen_id}` has no record key of generation {row.generation}")
    return ctx.keyring.open_category_key(
        _open(ctx, parent), citizen_id, category, epoch, WrappedKey(row.wrapped, row.fingerprint)
    )


def house_key(ctx: Context) -> bytes:
    """The council's own key, 32 bytes: unmatched items, staff labels, entries about no citizen.

    Made if there is none yet.
    """
    return named_key(ctx, HOUSE)


def month_key(ctx: Context, month: str | None = None) -> bytes:
    """The accountability key of *month* (this month by default), 32 bytes.

    Made if there is none yet and the session can write.
    """
    return named_key(ctx, f"{MONTH}{month or month_of(ctx.now)}")


def kept_month_key(ctx: Context, month: str) -> bytes:
    """
    The accountability key of *month* as it is kept, 32 bytes; never made anew: what it opened would stay closed.

    Raises:
        KeyNotFoundError: There is none.
        KeyDestroyedError: It was destroyed.
    """
    name = f"month:{month}"
    if ctx.session.get(HouseKey, (name, 1)) is None:
        raise KeyNotFoundError(f"there is no key `{name}`")
    return named_key(ctx, name)


def named_key(ctx: Context, name: str) -> bytes:
    """A key of the council by *name*, 32 bytes; made if there is none yet and the session can write."""
    row = ctx.session.get(HouseKey, (name, 1))
    if row is None:
        made = ctx.keyring.new_house_key(name, 1)
        row = HouseKey(name=name, generation=1, wrapped=made.blob, fingerprint=made.fingerprint, created_at=ctx.now)
        ctx.session.add(row)
        ctx.session.flush()
    if row.state is KeyState.DESTROYED:
        raise KeyDestroyedError(f"the key `{name}` was destroyed")
    return ctx.keyring.open_house_key(name, 1, WrappedKey(row.wrapped, row.fingerprint))
