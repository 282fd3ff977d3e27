"""Confidential words that belong to a row but to no category.

A request's message, evidence, a statement, a staff member's label.

They are no records, so the door does not count them, but they are sealed all the same: a citizen's under a key of their
own (destroyed with the
rest), the council's under the house key. Each opens only at its place: citizen, what it is, row.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson

from vault.context import Context
from vault.crypto.seal import Place, seal, unseal
from vault.keychain import category_key, category_key_for_writing, house_key

NOBODY = UUID(int=0)
"""The citizen in the place of the council's own words."""


def _place(ctx: Context, citizen_id: UUID, what: str, row_id: UUID, epoch: int) -> Place:
    return Place(
        tenant=ctx.keyring.tenant, citizen=citizen_id, category=f"~{what}", record=row_id, version=1, epoch=epoch
    )


def close_for_citizen(ctx: Context, *, citizen_id: UUID, what: str, row_id: UUID, words: Mapping[str, Any]) -> bytes:
    """Seal a citizen's own *words* for the row *row_id*. The caller notes a key that this made."""
    epoch, key = category_key_for_writing(ctx, citizen_id=citizen_id, category=f"~{what}")
    return seal(key, orjson.dumps(words), place=_place(ctx, citizen_id, what, row_id, epoch))


def open_for_citizen(ctx: Context, *, citizen_id: UUID, what: str, row_id: UUID, sealed: bytes) -> dict[str, Any]:
    """
    Open what `close_for_citizen` closed.

    Raises:
        SealBrokenError: It was changed or moved.
        KeyDestroyedError: The citizen's keys were destroyed.
    """
    epoch = int.from_bytes(sealed[1:5])
    key = category_key(ctx, citizen_id=citizen_id, category=f"~{what}", epoch=epoch)
    found: dict[str, Any] = orjson.loads(unseal(key, sealed, place=_place(ctx, citizen_id, what, row_id, epoch)))
    return found


def close_for_house(ctx: Context, *, what: str, row_id: UUID, words: Mapping[str, Any]) -> bytes:
    """Seal the council's *words* for the row *row_id*."""
    return seal(house_key(ctx), orjson.dumps(words), place=_place(ctx, NOBODY, what, row_id, 1))


def open_for_house(ctx: Context, *, what: str, row_id: UUID, sealed: bytes) -> dict[str, Any]:
    """
    Open what `close_for_house` closed.

    Raises:
        SealBrokenError: It was changed or moved.
    """
    found: dict[str, Any] = orjson.loads(unseal(house_key(ctx), sealed, place=_place(ctx, NOBODY, what, row_id, 1)))
    return found
