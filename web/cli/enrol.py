"""``citizen-vault enrol-link``: a one-time link with which a person adds a passkey."""

from uuid import UUID

import click

from vault import accounts, links, services
from vault.accounts import AccountView, StaffLabel
from vault.context import OPERATOR, Context
from vault.errors import NotAllowedError, SecondPersonNeededError
from vault.kinds import LinkKind, Role
from web.opening import opened, settings


@click.command()
@click.option("--account", type=click.UUID, help="An account that is there already.")
@click.option("--citizen", type=click.UUID, help="A citizen; their account is made if they have none.")
@click.option("--role", type=click.Choice(["officer", "auditor", "administrator"]), help="A new member of staff.")
@click.option("--organisation", help="Whose member of staff.")
@click.option("--service", help="The service an officer works for.")
@click.option("--staff", nargs=3, metavar="FIRST-NAME JOB TEAM", help="How a member of staff is shown; no surname.")
@click.option("--by", nargs=2, type=click.UUID, help="The two administrators who agreed, by account.")
@click.option("--hours", type=click.IntRange(1, 72), default=24, show_default=True, help="How long the link works.")
def enrol_link(
    account: UUID | None,
    citizen: UUID | None,
    role: str | None,
    organisation: str | None,
    service: str | None,
    staff: tuple[str, str, str] | None,
    by: tuple[UUID, UUID] | None,
    hours: int,
) -> None:
    """
    Print a one-time link that lets one person add a passkey. It signs nobody in, works once, and is logged.

    Outside the demo it takes two administrators (`--by`), until the first two have accounts.

    \b
    Examples:
      citizen-vault enrol-link --role administrator --organisation ferndale-council --staff Sanjay "registry" Digital
      citizen-vault enrol-link --citizen 4f0c… --by 11aa… 22bb…
    """
    if sum(value is not None for value in (account, citizen, role)) != 1:
        raise click.UsageError("name one of --account, --citizen or --role")
    if role and not (organisation or service):
        raise click.UsageError("a member of staff needs --organisation, or --service for an officer")
    config = settings()
    with opened(config) as vault, vault.transaction(OPERATOR) as ctx:
        first, second = _agreed(ctx, by, demo=config.demo)
        label = StaffLabel(*staff) if staff else None
        found = _account(ctx, account, citizen, role, organisation, service, label)
        handle = links.make(
            ctx, account_id=found.account_id, kind=LinkKind.ENROL, hours=hours, first=first, second=second
        )
    click.echo(f"{config.issuer}/link/{handle}")


def _agreed(ctx: Context, by: tuple[UUID, UUID] | None, *, demo: bool) -> tuple[UUID | None, UUID | None]:
    """The two who agreed; nobody in the demo, nor before there are two administrators who could."""
    administrators = {view.account_id for view in accounts.by_role(ctx, role=Role.ADMINISTRATOR)}
    if by is None:
        if demo or len(administrators) < 2:  # noqa: PLR2004 -- two people
            return None, None
        raise SecondPersonNeededError("name the two administrators who agreed: `--by ACCOUNT ACCOUNT`")
    if len(set(by)) < 2 or not set(by) <= administrators:  # noqa: PLR2004 -- two people
        raise SecondPersonNeededError("the two who agreed must be two different administrators")
    return by


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
