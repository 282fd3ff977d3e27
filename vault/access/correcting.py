"""One item, opened by an officer to put it right: on the ground of a correction case, or because they wrote it here."""

from collections.abc import Callable

from audit.events import Event
from vault import facts as reading
from vault.access.refusing import note_broken
from vault.acting import acting_person
from vault.clock import microseconds
from vault.context import Actor, Context, Vault
from vault.journal import note
from vault.release import Release
from vault.writing import Ground


def read_to_correct(vault: Vault, *, actor: Actor, find: Callable[[Context], Ground]) -> tuple[Ground, Release]:
    """
    Open the one item that *find* names, no more of it than its ground reaches. It is logged first.

    Raises:
        NotFoundError: *find* found nothing that is this officer's.
        NotAllowedError: The rules say no; that is logged.
        WrongStateError: The case that was the ground is closed.
    """
    with vault.transaction(actor) as ctx:
        ground = find(ctx)
        fields = ground.fields
        ground.demand(ctx, fields=fields)
        leaf_hash, time_us = _log(ctx, ground, fields), microseconds(ctx.now)
    every = reading.items(vault.db, citizen_id=ground.citizen_id, categories=frozenset({ground.item.category}))
    release = Release(
        fields=fields,
        asked=fields,
        missing=(),
        leaf_hash=leaf_hash,
        time_us=time_us,
        items=tuple(each for each in every if each.record["record_id"] == ground.item.record_id),
        keyring=vault.keyring,
        on_broken=lambda broken: note_broken(vault, ground.citizen_id, broken),
        service_id=actor.service_id,
    )
    return ground, release


def _log(ctx: Context, ground: Ground, fields: frozenset[str]) -> bytes:
    facts = {
        **ground.told,
        "fields": sorted(fields),
        "record": str(ground.item.record_id),
        "service": str(ctx.actor.service_id),
        "acting": acting_person(ctx),
        "corrects": True,
    }
    return note(ctx, Event.RECORD_OPENED, citizen_id=ground.citizen_id, facts=facts)
