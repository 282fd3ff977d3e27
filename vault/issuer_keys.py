"""The keys that sign what this server says as an issuer of tokens: which one signs now, and which are published.

A new key is published five minutes before it signs, so that nobody meets a signature whose key they have not fetched
yet; an old one stays published for as long as what it signed may live. The first is ``issuer``; later ones are
``issuer-2`` and so on, each with a row that says since when it signs. The log covers these rows: whoever took one away
would have the key before it sign again, which may be in their hands.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import select

from audit.events import Event
from vault.context import OPERATOR, Context, Vault
from vault.errors import KeyStoreError, WrongStateError
from vault.journal import note
from vault.keystores.file import FileKeyStore
from vault.models import IssuerKey

FIRST: Final = "issuer"
AHEAD: Final = timedelta(minutes=5)
"""How long others may keep the published keys."""
AFTERWARDS: Final = timedelta(minutes=10)
"""The five minutes that a signed token lives, and five that others may keep the keys."""


@dataclass(frozen=True, slots=True)
class IssuerKeys:
    """Names of signing keys in the key store."""

    signing: str
    published: tuple[str, ...]
    """The signing one among them."""


def issuer_keys(ctx: Context) -> IssuerKeys:
    """The issuer's keys as they stand now."""
    line = _line(ctx)
    begun = [each for each in line if each.signs_from <= ctx.now]
    signing = begun[-1].name if begun else FIRST
    names = [FIRST, *(each.name for each in line)]
    return IssuerKeys(signing, tuple(name for number, name in enumerate(names) if _is_published(line, number, ctx.now)))


def _is_published(line: list[IssuerKey], number: int, now: datetime) -> bool:
    """Whether the key of this *number* (0 is the first) is published: its successor has not taken over for good."""
    later = line[number:]
    if any(each.alone and each.signs_from <= now for each in later):
        return False
    return not later or now < later[0].signs_from + AFTERWARDS


def _line(ctx: Context) -> list[IssuerKey]:
    return sorted(ctx.session.scalars(select(IssuerKey)), key=lambda each: int(each.name.rpartition("-")[2]))


def rotate_issuer(vault: Vault, *, at_once: bool = False) -> tuple[str, datetime]:
    """
    Make a new issuer key; return its name and since when it signs.

    Args:
        vault: An opened vault; running servers follow by themselves.
        at_once: It signs from now on and the old keys are worthless at once: for a key that others may have.

    Raises:
        KeyStoreError: This kind of store makes its keys elsewhere.
        WrongStateError: The last new key does not sign yet.
    """
    store = vault.keyring.store
    if not isinstance(store, FileKeyStore):
        raise KeyStoreError("this key store makes its keys by its own means")
    with vault.reading(OPERATOR) as ctx:
        line = _line(ctx)
    if line and line[-1].signs_from > ctx.now and not at_once:
        raise WrongStateError(f"the last new key signs from {line[-1].signs_from.isoformat()} on; wait until then")
    name = f"{FIRST}-{len(line) + 2}"
    store.add_signing(name)
    with vault.transaction(OPERATOR) as ctx:
        signs_from = ctx.now if at_once else ctx.now + AHEAD
        ctx.session.add(IssuerKey(name=name, signs_from=signs_from, alone=at_once))
        note(ctx, Event.KEY_MADE, facts={"keys": [name], "signs_from": signs_from.isoformat(), "at_once": at_once})
    return name, signs_from
