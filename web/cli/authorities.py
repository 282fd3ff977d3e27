"""``citizen-vault authority …``: who may look for somebody because the law says so, with evidence that staff saw."""

from datetime import UTC, datetime
from uuid import UUID

import click

from vault import authorities, legal_authorities
from vault.authorities import AuthorityView
from vault.context import OPERATOR
from vault.kinds import AuthorityKind
from vault.legal_authorities import Evidence
from web.cli.showing import json_option, show, table
from web.opening import opened, settings

_KINDS = [str(each) for each in AuthorityKind if each is not AuthorityKind.NAMED_PERSON]


@click.group(no_args_is_help=True)
def authority() -> None:
    """Enter, list, review and end the authority of attorneys, deputies, appointees and parents."""


@authority.command()
@click.argument("citizen_id", type=click.UUID)
@click.option("--kind", type=click.Choice(_KINDS), required=True, help="What the law calls it.")
@click.option("--name", required=True, help="Who holds it, as the evidence says.")
@click.option("--relationship", required=True, help="Who they are to the citizen, such as son.")
@click.option("--citizen-name", required=True, help="What the citizen is called, for whoever holds it.")
@click.option("--evidence", required=True, help="What was seen, such as the number of a registered power of attorney.")
@click.option("--seen-by", type=click.UUID, multiple=True, required=True, help="The account of who saw it; repeat it.")
@click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The last day, where there is one.")
def add(
    *,
    citizen_id: UUID,
    kind: str,
    name: str,
    relationship: str,
    citizen_name: str,
    evidence: str,
    seen_by: tuple[UUID, ...],
    until: datetime | None,
) -> None:
    """
    Enter an authority, and print the link with which its holder makes an account. The link works once, for 14 days.

    Two members of staff must have seen the evidence of an attorney, deputy or appointee, and one that of a parent. The
    citizen is told when the link is used. A parent sees nothing of a young person of 13 to 17 until that was reviewed,
    and nothing from 18.

    \b
    Example: citizen-vault authority add 4f0c… --kind attorney --name "Sam Marlow" --relationship son
               --citizen-name Edie --evidence "LPA health and welfare, original" --seen-by 11aa… --seen-by 22bb…
    """
    given = Evidence(
        name=name, relationship=relationship, citizen_name=citizen_name, shown=evidence, seen_by=tuple(seen_by)
    )
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        _, handle = legal_authorities.enter(
            ctx,
            citizen_id=citizen_id,
            kind=AuthorityKind(kind),
            evidence=given,
            until=until.replace(hour=23, minute=59, tzinfo=UTC) if until else None,
        )
    click.echo(f"{settings().issuer}/join/{handle}")


@authority.command("list")
@click.argument("citizen_id", type=click.UUID)
@json_option
def list_(*, citizen_id: UUID, as_json: bool) -> None:
    """
    List who may look for a citizen, by id and kind; names stay closed.

    \b
    Example: citizen-vault authority list 4f0c…
    """
    with opened() as vault, vault.reading(OPERATOR) as ctx:
        found = [_plain(each) for each in authorities.of_citizen(ctx, citizen_id=citizen_id)]
    show(found, as_json=as_json, lines=table(found, "authority", "kind", "state", "from", "until", "reviewed"))


def _plain(held: AuthorityView) -> dict[str, object]:
    return {
        "authority": str(held.authority_id),
        "kind": str(held.kind),
        "state": str(held.state),
        "from": held.valid_from.date().isoformat(),
        "until": held.valid_to.date().isoformat(),
        "reviewed": "yes" if held.reviewed else "no",
    }


@authority.command()
@click.argument("citizen_id", type=click.UUID)
@click.argument("authority_id", type=click.UUID)
@click.option("--by", type=click.UUID, required=True, help="The account of who looked at it.")
@click.option("--keep/--stop", required=True, help="Whether the parent goes on seeing the young person's record.")
def review(*, citizen_id: UUID, authority_id: UUID, by: UUID, keep: bool) -> None:
    """
    Note that a parent's access to a young person was looked at, and kept or stopped.

    \b
    Example: citizen-vault authority review 4f0c… 9d1e… --by 11aa… --keep
    """
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        legal_authorities.review(ctx, citizen_id=citizen_id, authority_id=authority_id, by=by, keep=keep)
    click.echo(f"authority {authority_id} is reviewed: {'kept' if keep else 'stopped'}")


@authority.command()
@click.argument("citizen_id", type=click.UUID)
@click.argument("authority_id", type=click.UUID)
def end(*, citizen_id: UUID, authority_id: UUID) -> None:
    """
    End an authority at once: it was revoked, or the evidence was wrong.

    \b
    Example: citizen-vault authority end 4f0c… 9d1e…
    """
    with opened() as vault, vault.transaction(OPERATOR) as ctx:
        legal_authorities.end(ctx, citizen_id=citizen_id, authority_id=authority_id)
    click.echo(f"authority {authority_id} has ended")
