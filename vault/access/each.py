"""A service that has proven itself reads under many of its grants, one after the other, each decided and logged singly.

Each look goes the way of every other: by a token of its own, bound to a key that nobody has, made for it and gone in a
minute. So whatever the door asks of a token it asks here, and a grant that ended since the list was made is refused.
"""

import secrets
from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from vault import grants, purposes, tokens
from vault.access import shown
from vault.access.asking import ActingPerson, Proof
from vault.access.shared import read_with_token
from vault.access.shown import Admit
from vault.context import Actor, Vault
from vault.errors import NotAllowedError
from vault.release import Refusal, Release

SECONDS: Final = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """Who reads many, and what of each."""

    actor: Actor
    """The service itself, authenticated."""
    acting: ActingPerson | None
    fields: frozenset[str] | None
    history: bool


def grants_to_read(vault: Vault, *, actor: Actor, purpose: str) -> list[UUID]:
    """
    The grants that a service may try to read under for *purpose*, by id.

    Raises:
        NotFoundError: There is no such purpose.
        NotAllowedError: The actor is no service.
    """
    if actor.kind != "service" or actor.service_id is None:
        raise NotAllowedError("only a service reads many at once")
    with vault.reading(actor) as ctx:
        purposes.find(ctx, slug=purpose)
        return grants.to_read(ctx, service_id=actor.service_id, purpose=purpose)


def read_one_of_many(
    vault: Vault, *, grant_id: UUID, asked: Round, admit: Admit = shown.anyone
) -> tuple[UUID, Release | Refusal]:
    """
    Release what *asked* names under one grant of its service; the citizen's id comes with it, for a name.

    Raises:
        NotFoundError: There is no such grant of this service's.
        WrongStateError: It is not active any more.
        TokenInvalidError: It changed meanwhile.
    """
    key = secrets.token_urlsafe(32)
    with vault.transaction(asked.actor) as ctx:
        grant = grants.by_id(ctx, grant_id=grant_id)
        if grant.service.service_id != asked.actor.service_id:
            raise NotAllowedError("this grant is another service's")
        issued = tokens.issue(ctx, grant_id=grant_id, thumbprint=key, seconds=SECONDS)
        proof = Proof(thumbprint=key, jti=secrets.token_urlsafe(16), expires_at=ctx.now + timedelta(seconds=SECONDS))
    answer = read_with_token(
        vault,
        handle=issued.handle,
        proof=proof,
        acting=asked.acting,
        fields=asked.fields,
        history=asked.history,
        admit=admit,
    )
    return grant.citizen_id, answer
