"""``citizen-vault letter-code``: the text of a letter with which a resident signs in, their birth date beside it."""

from uuid import UUID

import click

from vault import access, accounts, letters
from vault.context import OPERATOR, Vault
from vault.kinds import Role
from vault.letters import Letter
from web.cli.showing import json_option, show
from web.opening import opened, settings


@click.command()
@click.option("--citizen", type=click.UUID, required=True, help="Whom the letter is for; an account is made if needed.")
@click.option("--by-hand", is_flag=True, help="The letter is handed over, not posted.")
@json_option
def letter_code(*, citizen: UUID, by_hand: bool, as_json: bool) -> None:
    """
    Print a letter with a code that signs a resident in.

    The code works once, for 30 days, together with their birth date; five wrong tries end it. It is shown now and never
    again, and making it is logged. Older letters stop working. Where post is not safe for this person, no letter is
    made, unless it is handed over.

    \b
    Example: citizen-vault letter-code --citizen 4f0c… > letter.txt
    """
    config = settings()
    with opened(config) as vault:
        if not by_hand and not access.contact_is_safe(vault, citizen_id=citizen, channel="letter"):
            raise click.ClickException("post is not safe for this person: hand the letter over, with --by-hand")
        letter = _made(vault, citizen)
    address, last_day = f"{config.issuer}/sign-in/letter", letter.expires_at.date().isoformat()
    lines = [
        config.council,
        "\nYour code to sign in\n",
        f"1. Go to {address}",
        f"2. Type in this code: {letter.code}",
        "3. Type in your date of birth",
        f"\nThe code works once, until {last_day}. After 5 wrong tries it ends.",
        "Did you not ask for this letter? Then tell us, and destroy it. We never ask you for this code.",
    ]
    show({"address": address, "code": letter.code, "until": last_day}, as_json=as_json, lines=lines)


def _made(vault: Vault, citizen: UUID) -> Letter:
    with vault.transaction(OPERATOR) as ctx:
        held = accounts.of_citizen(ctx, citizen_id=citizen)
        account = held[0] if held else accounts.make(ctx, role=Role.CITIZEN, citizen_id=citizen)
        return letters.make(ctx, account_id=account.account_id)
