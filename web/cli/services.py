"""``citizen-vault service …``: the registered clients, their public keys, and stopping one at once."""

import json
from pathlib import Path
from typing import Any

import click

from vault import purposes, services
from vault.context import OPERATOR, Context
from vault.errors import InvalidInputError
from vault.kinds import ChangeKind
from web import registered_addresses
from web.cli import alone
from web.cli.showing import json_option, show, table
from web.opening import opened, settings

KEY_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.group(no_args_is_help=True)
def service() -> None:
    """Register services and their keys; suspend one that must stop at once."""


def _key_set(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInputError(f'`{path.name}` is not JSON; a key set is `{{"keys": […]}}` (RFC 7517)') from error
    if not isinstance(found, dict):
        raise InvalidInputError(f'`{path.name}` is not a key set; that is `{{"keys": […]}}` (RFC 7517)')
    return found


@service.command()
@click.argument("slug")
@click.option("--organisation", required=True, help="Whose service it is.")
@click.option("--name", required=True, help="As residents know it.")
@click.option("--what-for", default="", help="What it is for, in a plain sentence; its name where left out.")
@click.option("--lgsl", type=click.IntRange(1, 9999), help="The council service it stands for (LGSL code).")
@click.option("--jwks", required=True, type=KEY_FILE, help="Its public keys: a JSON Web Key Set (RFC 7517).")
@click.option("--purpose", "named", multiple=True, required=True, help="A purpose it may ask for; repeat for more.")
def add(
    *, slug: str, organisation: str, name: str, what_for: str, lgsl: int | None, jwks: Path, named: tuple[str, ...]
) -> None:
    """
    Register a service. SLUG becomes its client id; its private keys stay with it and are refused here.

    In the portal this takes two administrators; here it is done by whoever holds the server's keys, and logged.

    \b
    Example:
      citizen-vault service add home-care --organisation harbour-home-care --name "Home care" \\
        --what-for "Care at home." --jwks home-care-public.json --purpose home-care-support
    """
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        content: dict[str, Any] = {
            "organisation": organisation,
            "name": name,
            "what_for": what_for or name,
            "lgsl": lgsl,
            "jwks": _key_set(jwks),
            "purposes": {purpose: purposes.version_of(ctx, slug=purpose) for purpose in named},
            "batch": [],
        }
        alone.change(ctx, kind=ChangeKind.SERVICE, subject=slug, content=content)
        made = services.by_slug(ctx, slug=slug)
        alone.tell(f"service {made.slug} ({made.service_id})", changed=True)


@service.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the services, with the purposes that each may ask for."""
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        found = [_plain(ctx, each.slug) for each in services.registered(ctx)]
    lines = table(
        [{**row, "purposes": " ".join(row["purposes"])} for row in found], "slug", "organisation", "status", "purposes"
    )
    show(found, as_json=as_json, lines=lines)


def _plain(ctx: Context, slug: str) -> dict[str, Any]:
    each = services.by_slug(ctx, slug=slug)
    return {
        "slug": each.slug,
        "name": each.name,
        "organisation": services.organisation_by_id(ctx, organisation_id=each.organisation_id).slug,
        "status": str(each.status),
        "keys": [key.get("kid") for key in each.jwks["keys"]],
        "purposes": [purpose.slug for purpose in purposes.of_service(ctx, service_id=each.service_id)],
    }


@service.command()
@click.argument("slug")
@click.argument("jwks", type=KEY_FILE)
def keys(*, slug: str, jwks: Path) -> None:
    """
    Replace a service's public keys with those in the file JWKS. Proofs by the old keys fail from the next call on.

    \b
    Example: citizen-vault service keys home-care new-public.json
    """
    content = {"jwks": _key_set(jwks)}
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        changed = alone.change(ctx, kind=ChangeKind.SERVICE_KEYS, subject=slug, content=content)
        alone.tell(f"service {slug} has these keys", changed=changed)


@service.command()
@click.argument("slug")
@click.option("--lift", is_flag=True, help="Let it work again.")
def suspend(*, slug: str, lift: bool) -> None:
    """
    Stop a service at once: it can neither ask nor read, and its tokens open nothing.

    \b
    Example: citizen-vault service suspend home-care
    """
    kind = ChangeKind.SERVICE_RESUMED if lift else ChangeKind.SERVICE_SUSPENDED
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        changed = alone.change(ctx, kind=kind, subject=slug, content={})
        alone.tell(f"service {slug} {'works again' if lift else 'is suspended'}", changed=changed)


@service.command()
@click.argument("slug")
@click.option("--back", "redirect_uris", multiple=True, help="Where people go back to (redirect_uri); repeat for more.")
@click.option("--keys-at", "jwks_uri", help="Where its public keys are fetched (jwks_uri), instead of those kept here.")
@click.option("--tell-at", "notification_endpoint", help="Where it is told of decisions (CIBA ping).")
@click.option("--events-at", "webhook_uri", help="Where it is told that shares changed (webhooks).")
def addresses(
    *,
    slug: str,
    redirect_uris: tuple[str, ...],
    jwks_uri: str | None,
    notification_endpoint: str | None,
    webhook_uri: str | None,
) -> None:
    """
    Say where a service is met. What is left out is no longer an address of it.

    \b
    Example:
      citizen-vault service addresses home-care --back https://care.example.org/vault/back \\
        --tell-at https://care.example.org/vault/told --events-at https://care.example.org/vault/events
    """
    content = {
        "redirect_uris": sorted(set(redirect_uris)),
        "jwks_uri": jwks_uri,
        "notification_endpoint": notification_endpoint,
        "webhook_uri": webhook_uri,
    }
    config = settings()
    registered_addresses.check(content, config.outgoing_networks)
    with opened(config) as vault, vault.transaction(OPERATOR) as ctx:
        changed = alone.change(ctx, kind=ChangeKind.SERVICE_ADDRESSES, subject=slug, content=content)
        alone.tell(f"service {slug} is met there", changed=changed)
