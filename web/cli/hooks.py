"""``citizen-vault service told`` and ``… test-event``: whether services are told what becomes of their shares."""

from typing import Any
from uuid import UUID

import click

from vault import registry, services, webhooks
from vault.context import OPERATOR, Vault
from vault.webhooks import DeliveryState, DeliveryView
from web.cli.services import service
from web.cli.showing import json_option, show, table
from web.config import Config
from web.hook_words import FAULTS
from web.opening import opened, settings
from web.outgoing_http import OutgoingHttp
from web.webhooks import HttpCourier


@service.command()
@click.argument("slug")
@click.option("--most", type=click.IntRange(1, 1000), default=50, show_default=True, help="How many, newest first.")
@json_option
def told(*, slug: str, most: int, as_json: bool) -> None:
    """
    List what a service was told of its shares, and what could not be told it and why.

    \b
    Example: citizen-vault service told home-care
    """
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        held = services.by_slug(ctx, slug=slug)
        found, _ = webhooks.of_service(ctx, service_id=held.service_id, limit=most)
    rows = [_plain(each) for each in found]
    lines = table(rows, "at", "event", "state", "tries", "why") if rows else ["nothing yet"]
    show(rows, as_json=as_json, lines=lines)


def _plain(each: DeliveryView) -> dict[str, Any]:
    return {
        "id": str(each.delivery_id),
        "at": each.occurred_at.isoformat(timespec="seconds"),
        "event": str(each.event),
        "state": str(each.state),
        "tries": each.tries,
        "why": _why(each),
    }


def _why(each: DeliveryView) -> str:
    """Why the last try failed, in words; empty where it did not."""
    if each.fault is None:
        return ""
    return f"{FAULTS[each.fault]}{f' ({each.answered})' if each.answered else ''}"


@service.command("test-event")
@click.argument("slug")
def test_event(*, slug: str) -> None:
    """
    Send a service an event that says nothing, now, and say whether it took it. Exit status 1 where it did not.

    \b
    Example: citizen-vault service test-event home-care
    """
    config = settings()
    with opened(config) as vault:
        with vault.transaction(OPERATOR) as ctx:
            delivery_id = registry.send_test_event(ctx, slug=slug)
            service_id = services.by_slug(ctx, slug=slug).service_id
        found = _sent(vault, config, service_id, delivery_id)
    if found.state is not DeliveryState.DELIVERED:
        raise click.ClickException(f"service {slug} did not take it: {_why(found) or 'it waits for its turn'}")
    click.echo(f"service {slug} took it")


def _sent(vault: Vault, config: Config, service_id: UUID, delivery_id: UUID) -> DeliveryView:
    courier = HttpCourier(vault, config.issuer, OutgoingHttp(config.outgoing_networks))
    webhooks.deliver(vault, courier, service_id=service_id)
    with vault.reading(OPERATOR) as ctx:
        found, _ = webhooks.of_service(ctx, service_id=service_id, limit=1000)
    return next(each for each in found if each.delivery_id == delivery_id)
