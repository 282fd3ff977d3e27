"""``citizen-vault registry …``: reports on the registry."""

from typing import Any

import click

from vault import purposes, services
from vault.catalogue import CATALOGUE
from vault.context import OPERATOR, Context
from vault.purposes import Definition
from web.cli.showing import json_option, show
from web.opening import opened


@click.group(no_args_is_help=True)
def registry() -> None:
    """Reports on the registry."""


@registry.command()
@json_option
def ropa(*, as_json: bool) -> None:
    """
    Print the record of processing activities (UK GDPR Art. 30) as the registry stands.

    \b
    Example: citizen-vault registry ropa --json > ropa.json
    """
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        askers = _askers(ctx)
        found = [_activity(each, askers.get(each.slug, [])) for each in purposes.registered(ctx)]
    lines = [line for activity in found for line in _lines(activity)]
    show(found, as_json=as_json, lines=lines or ["no purpose is registered"])


def _askers(ctx: Context) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for service in services.registered(ctx):
        holder = services.organisation_by_id(ctx, organisation_id=service.organisation_id)
        for purpose in purposes.of_service(ctx, service_id=service.service_id):
            found.setdefault(purpose.slug, []).append(f"{service.name}, {holder.name}")
    return found


def _activity(definition: Definition, recipients: list[str]) -> dict[str, Any]:
    categories = sorted({CATALOGUE.field(name).category for name in definition.most})
    return {
        "activity": definition.name,
        "purpose": definition.why,
        "controllers": list(definition.controllers),
        "basis": definition.basis,
        "condition": definition.condition,
        "schedule_1": definition.schedule_1,
        "data_subjects": "residents",
        "categories_of_data": [CATALOGUE.category(name).words for name in categories],
        "special_categories": any(CATALOGUE.field(name).is_special for name in definition.most),
        "recipients": recipients,
        "retention_by_recipient": definition.receiver_keeps,
        "agreement": definition.agreement,
        "dpia": definition.dpia,
        "review_on": definition.review_on.isoformat(),
        "security": "sealed for each person (AES-256-GCM), released through one door, every look in a provable log",
    }


def _lines(activity: dict[str, Any]) -> list[str]:
    rest = [f"  {name.replace('_', ' ')}: {_words(value)}" for name, value in activity.items() if name != "activity"]
    return [activity["activity"], *rest, ""]


def _words(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(value) or "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value or "none")
