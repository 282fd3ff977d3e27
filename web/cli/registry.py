"""``citizen-vault registry …``: what waits for a second person, and the record of processing."""

from typing import Any
from uuid import UUID

import click

from vault import purposes, services
from vault import registry as registry_changes
from vault.catalogue import CATALOGUE
from vault.context import OPERATOR, Context
from vault.lawful import BASES, CONDITIONS
from vault.purposes import Definition
from vault.registry import ChangeView
from web.cli.showing import json_option, show, table
from web.opening import opened


@click.group(no_args_is_help=True)
def registry() -> None:
    """What waits for a second person, and the record of processing activities."""


@registry.command()
@click.option("--all", "every", is_flag=True, help="Also what was decided: the newest 100 changes.")
@json_option
def changes(*, every: bool, as_json: bool) -> None:
    """
    List the changes that wait for a second person. They are approved in the portal.

    \b
    Example: citizen-vault registry changes --all
    """
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        found = registry_changes.everything(ctx, limit=100) if every else registry_changes.waiting(ctx)
        rows = [_change(each) for each in found]
    lines = table(rows, "change", "kind", "subject", "state", "asked", "by", "decided-by")
    show(rows, as_json=as_json, lines=lines if rows else ["nothing waits for a second person"])


def _change(change: ChangeView) -> dict[str, str]:
    def who(account_id: UUID | None) -> str:
        return str(account_id) if account_id else "operator"

    return {
        "change": str(change.change_id),
        "kind": str(change.kind),
        "subject": change.subject,
        "state": str(change.state),
        "asked": change.proposed_at.isoformat(timespec="minutes"),
        "by": who(change.proposed_by),
        "decided-by": who(change.decided_by) if change.decided_at else "",
    }


@registry.command()
@json_option
def ropa(*, as_json: bool) -> None:
    """
    Print the record of processing activities (UK GDPR Art. 30(1)) as the registry stands.

    Each purpose is an activity: who answers for it, why, on what basis, about whom, which data, who receives it, how
    long it is kept here and there, transfers, and how it is kept safe.

    \b
    Example: citizen-vault registry ropa --json > ropa.json
    """
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        askers = _askers(ctx)
        found = [
            _activity(each, askers.get(each.slug, []), purposes.version_of(ctx, slug=each.slug))
            for each in purposes.registered(ctx)
        ]
    lines = [line for activity in found for line in _lines(activity)]
    show(found, as_json=as_json, lines=lines or ["no purpose is registered"])


def _askers(ctx: Context) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for service in services.registered(ctx):
        holder = services.organisation_by_id(ctx, organisation_id=service.organisation_id)
        for purpose in purposes.of_service(ctx, service_id=service.service_id):
            found.setdefault(purpose.slug, []).append(f"{service.name}, {holder.name}")
    return found


def _activity(definition: Definition, recipients: list[str], version: int) -> dict[str, Any]:
    categories = sorted({CATALOGUE.field(name).category for name in definition.most})
    return {
        "activity": definition.name,
        "purpose": definition.why,
        "version": version,
        "controllers": list(definition.controllers),
        "basis": definition.basis,
        "basis_dpv": _dpv(definition.basis),
        "condition": definition.condition,
        "condition_dpv": _dpv(definition.condition),
        "schedule_1": definition.schedule_1,
        "citizens_choice": str(definition.choice),
        "data_subjects": "residents, and people named in their records (family, carers)",
        "categories_of_data": [CATALOGUE.category(name).words for name in categories],
        "special_categories": any(CATALOGUE.field(name).is_special for name in definition.most),
        "recipients": recipients,
        "transfers_abroad": "none by the vault; a receiver answers for its own",
        "retention_in_the_vault": [f"{CATALOGUE.category(name).words}: {_kept(name)}" for name in categories],
        "retention_by_recipient": definition.receiver_keeps,
        "longest_share_days": definition.max_days,
        "automated_runs": definition.batch,
        "agreement": definition.agreement,
        "dpia": definition.dpia,
        "review_on": definition.review_on.isoformat(),
        "security": SECURITY,
    }


SECURITY = (
    "sealed for each person (AES-256-GCM) under keys kept apart from the data; released through one door that asks the"
    " rules and logs first; tokens bound to the service's own key (DPoP); every look in a log that can be proved"
    " (RFC 9162); changes of the registry by two people; sign-in with passkeys"
)


def _dpv(code: str | None) -> str | None:
    found = BASES.get(code or "") or CONDITIONS.get(code or "")
    return found.dpv if found else None


def _kept(category: str) -> str:
    return CATALOGUE.category(category).kept.words


def _lines(activity: dict[str, Any]) -> list[str]:
    rest = [f"  {name.replace('_', ' ')}: {_words(value)}" for name, value in activity.items() if name != "activity"]
    return [activity["activity"], *rest, ""]


def _words(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(value) or "none"
    return {True: "yes", False: "no"}.get(value, str(value)) if isinstance(value, bool) else str(value or "none")
