"""Set a sandbox up in an empty vault: the invented registry, a service with keys for developers, the residents."""

import json
import tomllib
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from audit.events import Event
from vault import accounts, citizens, purposes, records, services
from vault import registry as changes
from vault.context import OPERATOR, Context, Vault
from vault.journal import note as log
from vault.kinds import ChangeKind, CitizenStatus, Role
from vault.records import NewItem, Source
from vault.services import Addresses
from web.demo import registry
from web.sandbox import note
from web.sandbox.note import Manner, Note, Resident

FILE: Final = Path(__file__).with_name("residents.toml")
CLIENT: Final = "sandbox-service"
ORGANISATION: Final = "harbour-home-care"
SYSTEM: Final = "sandbox"
PURPOSES: Final = ("home-care-support", "council-tax")
BATCH: Final = "council-tax"
BACK: Final = "http://localhost:9000/back"
"""Where people who are present come back to: a program on the same machine (RFC 8252, section 7.3)."""
KEY_FILE: Final = "sandbox-service-private.json"
TOLD_FILE: Final = "sandbox.json"


def begin(vault: Vault, *, home: Path, keys: Path, issuer: str, stops_after: int) -> Note:
    """
    Fill an empty *vault*.

    Args:
        vault: Just made, under the sandbox's own tenant.
        home: Its home, which is marked.
        keys: A folder for the service's private keys and for what a program needs to begin.
        issuer: The address at which it will be served.
        stops_after: Seconds until the resident who stops does so.
    """
    given = tomllib.loads(FILE.read_text(encoding="utf-8"))
    with vault.transaction(OPERATOR) as ctx:
        registry.lay(ctx, home=home)
        _service(ctx, keys)
    residents = tuple(_resident(vault, one, given["record"]) for one in given["resident"])
    made = Note(stops_after, residents)
    _tell(keys, made, issuer)
    note.write(home, made)
    return made


def _service(ctx: Context, keys: Path) -> None:
    content = {
        "organisation": ORGANISATION,
        "name": "The sandbox service",
        "what_for": "Tries out what a service can do, with people who do not exist.",
        "lgsl": None,
        "jwks": registry.make_keys(keys / KEY_FILE),
        "purposes": {slug: purposes.version_of(ctx, slug=slug) for slug in PURPOSES},
        "batch": [BATCH],
    }
    changes.propose(ctx, kind=ChangeKind.SERVICE, subject=CLIENT, content=content)
    services.set_addresses(ctx, slug=CLIENT, given=Addresses((BACK,)))


def _resident(vault: Vault, given: Mapping[str, Any], held: list[Mapping[str, Any]]) -> Resident:
    with vault.transaction(OPERATOR) as ctx:
        organisation_id = services.organisation(ctx, slug=ORGANISATION).organisation_id
        citizen_id = citizens.make(ctx, status=CitizenStatus.ACTIVE)
        born = date.fromisoformat(given["date_of_birth"])
        citizens.add_identity(ctx, citizen_id=citizen_id, nhs_number=given["nhs_number"], birth_date=born)
        citizens.add_reference(
            ctx,
            citizen_id=citizen_id,
            organisation_id=organisation_id,
            system=SYSTEM,
            value=given["reference"],
            verified_how="invented",
        )
        _keep(ctx, citizen_id, organisation_id, [_identity(given), *held])
        account = accounts.make(ctx, role=Role.CITIZEN, citizen_id=citizen_id)
    return Resident(
        slug=given["slug"],
        name=given["name"],
        manner=Manner(given["manner"]),
        shares=tuple(given.get("shares", ())),
        hints=(f"ref:{SYSTEM}:{given['reference']}", f"nhs:{given['nhs_number']}:{given['date_of_birth']}"),
        citizen_id=citizen_id,
        account_id=account.account_id,
    )


def _identity(given: Mapping[str, Any]) -> dict[str, Any]:
    named = ("name", "known_as", "date_of_birth")
    return {"category": "identity", "fields": {f"identity.{name}": given[name] for name in named}}


def _keep(ctx: Context, citizen_id: UUID, organisation_id: UUID, held: list[Mapping[str, Any]]) -> None:
    for one in held:
        source = Source(organisation_id=organisation_id, system=SYSTEM, type=one["category"], id="1")
        item = NewItem(
            category=one["category"],
            fields=one["fields"],
            source=source,
            purpose="receive-council-record",
            sensitivity=0,
        )
        records.keep(ctx, citizen_id=citizen_id, item=item)
    log(ctx, Event.RECORD_WRITTEN, citizen_id=citizen_id, facts={"items": len(held)})


def _tell(keys: Path, made: Note, issuer: str) -> None:
    """What a program needs to begin, beside the keys; nothing in it is secret."""
    told = {
        "issuer": issuer,
        "client_id": CLIENT,
        "key_file": KEY_FILE,
        "redirect_uri": BACK,
        "purposes": list(PURPOSES),
        "batch_purpose": BATCH,
        "residents": {
            one.slug: {"name": one.name, "answers": str(one.manner), "shares": one.shares, "hints": one.hints}
            for one in made.residents
        },
        "stops_after_seconds": made.stops_after,
    }
    (keys / TOLD_FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
