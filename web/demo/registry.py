"""Lay the invented council's registry down: organisations, purposes and services, with keys made for the demo alone."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from joserfc.jwk import ECKey

from vault import purposes, services
from vault.context import Context
from vault.errors import NotFoundError
from vault.purposes import Definition

FILE: Final = Path(__file__).with_name("registry.toml")
KEY_FOLDER: Final = Path("demo") / "keys"
"""Below the vault's home: one private key set a service, for the demo's own clients. Real services keep their own."""


@dataclass(frozen=True, slots=True)
class Laid:
    """What was new in the registry, by slug."""

    organisations: tuple[str, ...]
    purposes: tuple[str, ...]
    services: tuple[str, ...]


def plan() -> Mapping[str, Any]:
    """The registry file: lists ``organisation``, ``purpose`` and ``service``."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def definitions() -> list[Definition]:
    """Every purpose of the file, checked against the catalogue."""
    return [Definition.parse(given) for given in plan()["purpose"]]


def lay(ctx: Context, *, home: Path) -> Laid:
    """Register all that is in the file and not yet in the registry; make key sets under *home* for new services."""
    told = plan()
    before = {held.slug for held in services.organisations(ctx)}
    ids = {given["slug"]: services.make_organisation(ctx, **given).organisation_id for given in told["organisation"]}
    known = {held.slug for held in purposes.registered(ctx)}
    for definition in definitions():
        purposes.register(ctx, definition=definition, first=None, second=None)
    made = tuple(
        given["slug"]
        for given in told["service"]
        if _service(ctx, given, ids[given["organisation"]], home / KEY_FOLDER)
    )
    return Laid(
        tuple(slug for slug in ids if slug not in before),
        tuple(definition.slug for definition in definitions() if definition.slug not in known),
        made,
    )


def _service(ctx: Context, given: Mapping[str, Any], organisation_id: UUID, folder: Path) -> bool:
    try:
        services.by_slug(ctx, slug=given["slug"])
    except NotFoundError:
        public = make_keys(folder / f"{given['slug']}.json")
        services.make_service(
            ctx,
            organisation_id=organisation_id,
            slug=given["slug"],
            name=given["name"],
            jwks=public,
            purposes=given["purposes"],
        )
        return True
    return False


def make_keys(path: Path) -> dict[str, Any]:
    """
    Make an ES256 key pair; write the private key set (RFC 7517) to *path*, mode 0600; return the public key set.

    A key set that is there already is kept, so that a service of the demo survives a registry that is laid anew.
    """
    if path.exists():
        key = ECKey.import_key(json.loads(path.read_text(encoding="utf-8"))["keys"][0])
    else:
        key = ECKey.generate_key("P-256", {"use": "sig", "alg": "ES256"}, auto_kid=True)
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
        path.write_text(json.dumps({"keys": [key.as_dict(private=True)]}), encoding="utf-8")
    return {"keys": [dict(key.as_dict(private=False))]}


def private_keys(home: Path, *, slug: str) -> dict[str, Any]:
    """The private key set of a demo service, as `make_keys` wrote it under *home*."""
    held: dict[str, Any] = json.loads((home / KEY_FOLDER / f"{slug}.json").read_text(encoding="utf-8"))
    return held
