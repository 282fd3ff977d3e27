"""What a helping process of `vault.together` holds until it ends: the vault, and the moment that all of them read."""

from contextlib import ExitStack
from dataclasses import dataclass
from typing import Final

from audit.stored_bundles import Rowsource
from vault.context import OPERATOR, Context, Vault


@dataclass(slots=True)
class _Place:
    vault: Vault | None = None
    ctx: Context | None = None
    source: Rowsource | None = None


_PLACE: Final = _Place()
_HELD: Final = ExitStack()


def sit(vault: Vault) -> None:
    """Hold *vault*, and be ready to read."""
    _PLACE.vault = vault
    with vault.reading(OPERATOR) as ctx:
        ctx.session.connection()


def look(snapshot: str | None) -> None:
    """Begin to read: now, or (on PostgreSQL) the moment that was exported as *snapshot*."""
    assert _PLACE.vault is not None  # noqa: S101 -- told first
    _PLACE.ctx = _HELD.enter_context(_PLACE.vault.snapshot(OPERATOR, of=snapshot))
    _PLACE.source = Rowsource(_PLACE.ctx.session)


def seen() -> Context:
    """The moment that all read."""
    assert _PLACE.ctx is not None  # noqa: S101 -- told first
    return _PLACE.ctx


def source_seen() -> Rowsource:
    """The log's tables in that moment."""
    assert _PLACE.source is not None  # noqa: S101 -- told first
    return _PLACE.source
