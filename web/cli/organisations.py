"""``citizen-vault organisation …``: the bodies that take part."""

import click

from vault import services
from vault.context import OPERATOR
from vault.kinds import ChangeKind
from vault.registry import KINDS
from web.cli import alone
from web.cli.showing import json_option, show, table
from web.opening import opened


@click.group(no_args_is_help=True)
def organisation() -> None:
    """Register the council, its NHS partners, providers and landlords."""


@organisation.command()
@click.argument("slug")
@click.option("--name", required=True, help="As residents know it.")
@click.option("--kind", type=click.Choice(KINDS), default="council", show_default=True, help="What kind of body.")
def add(*, slug: str, name: str, kind: str) -> None:
    """
    Register an organisation. One that is there already stays as it is.

    \b
    Example: citizen-vault organisation add harbour-home-care --name "Harbour Home Care" --kind care-provider
    """
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        known = {each.slug for each in services.organisations(ctx)}
        if slug not in known:
            alone.change(ctx, kind=ChangeKind.ORGANISATION, subject=slug, content={"name": name, "kind": kind})
        made = services.organisation(ctx, slug=slug)
        alone.tell(f"organisation {made.slug} ({made.organisation_id})", changed=slug not in known)


@organisation.command("list")
@json_option
def list_(*, as_json: bool) -> None:
    """List the organisations."""
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        found = [{"slug": each.slug, "name": each.name, "kind": each.kind} for each in services.organisations(ctx)]
    show(found, as_json=as_json, lines=table(found, "slug", "name", "kind"))
