"""Lay the invented council's registry down: organisations, purposes and services, with keys made for the demo alone."""

import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from joserfc.jwk import ECKey

from vault import purposes, services
from vault import registry as changes
from vault.context import Context
from vault.kinds import ChangeKind
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
    for given in told["organisation"]:
        _once(ctx, ChangeKind.ORGANISATION, given["slug"], {"name": given["name"], "kind": given["kind"]}, before)
    known = {held.slug for held in purposes.registered(ctx)}
    for definition in definitions():
        purpose_known = known - {definition.slug} if _differs(ctx, definition, known) else known
        _once(ctx, ChangeKind.PURPOSE, definition.slug, definition.as_json(), purpose_known)
    made = tuple(given["slug"] for given in told["service"] if _service(ctx, given, home / KEY_FOLDER))
    return Laid(
        tuple(given["slug"] for given in told["organisation"] if given["slug"] not in before),
        tuple(definition.slug for definition in definitions() if definition.slug not in known),
        made,
    )


def _differs(ctx: Context, definition: Definition, known: set[str]) -> bool:
    return definition.slug in known and purposes.find(ctx, slug=definition.slug) != definition


def _once(ctx: Context, kind: ChangeKind, slug: str, content: Mapping[str, Any], known: set[str]) -> None:
    """Let the operator register what is not *known* yet."""
    if slug not in known:
        changes.propose(ctx, kind=kind, subject=slug, content=content)


def _service(ctx: Context, given: Mapping[str, Any], folder: Path) -> bool:
    if given["slug"] in {held.slug for held in services.registered(ctx)}:
        return False
    content = {
        "organisation": given["organisation"],
        "name": given["name"],
        "what_for": given["what_for"],
        "lgsl": given.get("lgsl"),
        "jwks": make_keys(folder / f"{given['slug']}.json"),
        "purposes": {slug: purposes.version_of(ctx, slug=slug) for slug in given["purposes"]},
        "batch": [],
    }
    changes.propose(ctx, kind=ChangeKind.SERVICE, subject=given["slug"], content=content)
    return True


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
