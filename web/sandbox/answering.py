"""The residents of a sandbox answer by themselves, each in their own manner, as a resident answers in the portal.

They answer what is asked of absent people at once, before the service polls; where somebody is present, whoever sits
before the browser decides.
"""

import logging
import time
from contextlib import suppress
from datetime import timedelta
from typing import Final

from vault import grants, requests
from vault.context import OPERATOR, Actor, Vault
from vault.errors import VaultError
from vault.requests import RequestView
from web.sandbox.note import Manner, Note, Resident

LOOK_SECONDS: Final = 0.5


def stop_on(vault: Vault, held: Note) -> None:
    """Stop what is to be stopped, again and again, as long as this process lives."""
    while True:
        try:
            stop_due(vault, held)
        except Exception:
            logging.getLogger("citizen-vault").exception("a resident of the sandbox could not stop; tried again")
        time.sleep(LOOK_SECONDS)


def answer_waiting(vault: Vault, held: Note) -> None:
    """Answer what waits now; a request that somebody decided meanwhile is left."""
    for resident in held.residents:
        if resident.manner is not Manner.SILENT:
            with suppress(VaultError):
                _answer(vault, resident)


def stop_due(vault: Vault, held: Note) -> None:
    """Stop the shares whose time has come; one that somebody else changed meanwhile is left."""
    for resident in held.residents:
        if resident.manner is Manner.STOPS:
            with suppress(VaultError):
                _stop(vault, resident, timedelta(seconds=held.stops_after))


def _answer(vault: Vault, resident: Resident) -> None:
    with vault.reading(OPERATOR) as ctx:
        waiting = requests.waiting(ctx, citizen_id=resident.citizen_id)
    for one in waiting:
        with vault.transaction(_as(vault, resident)) as ctx:
            requests.decide(
                ctx, citizen_id=resident.citizen_id, request_id=one.request_id, allowed=_allowed(resident, one)
            )


def _as(vault: Vault, resident: Resident) -> Actor:
    return Actor(
        kind="citizen",
        account_id=resident.account_id,
        citizen_id=resident.citizen_id,
        proven_at=vault.clock(),
    )


def _allowed(resident: Resident, asked: RequestView) -> frozenset[str]:
    match resident.manner:
        case Manner.NONE | Manner.SILENT:
            return frozenset()
        case Manner.SOME:
            return frozenset(name for name in asked.fields if name.partition(".")[0] in resident.shares)
        case Manner.ALL | Manner.STOPS:
            return asked.fields


def _stop(vault: Vault, resident: Resident, after: timedelta) -> None:
    with vault.reading(OPERATOR) as ctx:
        due = [
            grant
            for grant in grants.of_citizen(ctx, citizen_id=resident.citizen_id)
            if grant.is_live and grant.made_at + after <= ctx.now
        ]
    for grant in due:
        with vault.transaction(_as(vault, resident)) as ctx:
            grants.withdraw(ctx, citizen_id=resident.citizen_id, grant_id=grant.grant_id)
