"""``citizen-vault enrol-link``: a one-time link with which a person adds a passkey."""

from uuid import UUID

import click

from vault import accounts, links, services
from vault.accounts import AccountView, StaffLabel
from vault.context import OPERATOR, Context
from vault.errors import NotAllowedError, SecondPersonNeededError
from vault.kinds import AccountStatus, LinkKind, Role
from web.opening import opened, settings


@click.command()
@click.option("--account", type=click.UUID, help="An account that is there already.")
@click.option("--citizen", type=click.UUID, help="A citizen; their account is made if they have none.")
@click.option("--role", type=click.Choice(["officer", "auditor", "administrator"]), help="A new member of staff.")
@click.option("--organisation", help="Whose member of staff.")
@click.option("--service", help="The service an officer works for.")
@click.option("--staff", nargs=3, metavar="FIRST-NAME JOB TEAM", help="How a member of staff is shown; no surname.")
@click.option("--hours", type=click.IntRange(1, 72), default=24, show_default=True, help="How long the link works.")
def enrol_link(
    account: UUID | None,
    citizen: UUID | None,
    role: str | None,
    organisation: str | None,
    service: str | None,
    staff: tuple[str, str, str] | None,
    hours: int,
) -> None:
    """
    Print a one-time link that lets one person add a passkey. It signs nobody in, works once, and is logged.

    It is for the first two administrators of a new vault. Once there are two, links for staff are asked for by one of
    them in the portal (Staff, then "Invite someone" or "Make a new sign-in link") and approved by the other, and each
    holds a half; residents get a letter or come to a desk.

    \b
    Examples:
      citizen-vault enrol-link --role administrator --organisation ferndale-council --staff Sanjay "registry" Digital
      citizen-vault enrol-link --account 4f0c…
    """
    if sum(value is not None for value in (account, citizen, role)) != 1:
        raise click.UsageError("name one of --account, --citizen or --role")
    if role and not (organisation or service):
        raise click.UsageError("a member of staff needs --organisation, or --service for an officer")
    config = settings()
    with opened(config) as vault, vault.transaction(OPERATOR) as ctx:
        _check_alone(ctx, staff=citizen is None, demo=config.demo)
        label = StaffLabel(*staff) if staff else None
        found = _account(ctx, account, citizen, role, organisation, service, label)
        handle = links.make(ctx, account_id=found.account_id, kind=LinkKind.ENROL, hours=hours)
    click.echo(f"{config.issuer}/link/{handle}")


def _check_alone(ctx: Context, *, staff: bool, demo: bool) -> None:
    """Refuse what one operator must not do alone: save in the demo, and before there are two administrators."""
    every = accounts.by_role(ctx, role=Role.ADMINISTRATOR)
    if demo or sum(each.status is AccountStatus.ACTIVE for each in every) < 2:  # noqa: PLR2004 -- two people
        return
    if staff:
        raise SecondPersonNeededError(
            "there are two administrators: one of them asks for the link in the portal, under Staff; another approves"
        )
    raise SecondPersonNeededError(
        "there are two administrators: a resident gets a letter with a code (`citizen-vault letter-code`), or comes "
        "to a desk, where two officers agree"
    )


def _account(
    ctx: Context,
    account: UUID | None,
    citizen: UUID | None,
    role: str | None,
    organisation: str | None,
    service: str | None,
    label: StaffLabel | None,
) -> AccountView:
    if account is not None:
        return accounts.find(ctx, account_id=account)
    if citizen is not None:
        held = accounts.of_citizen(ctx, citizen_id=citizen)
        return held[0] if held else accounts.make(ctx, role=Role.CITIZEN, citizen_id=citizen)
    works_for = services.by_slug(ctx, slug=service) if service else None
    if role == Role.OFFICER and works_for is None:
        raise NotAllowedError("an officer works for one service: name it with --service")
    organisation_id = (
        works_for.organisation_id if works_for else services.organisation(ctx, slug=organisation or "").organisation_id
    )
    return accounts.make(
        ctx,
        role=Role(role or ""),
        organisation_id=organisation_id,
        service_id=works_for.service_id if works_for else None,
        label=label,
    )
