"""Ways into the demo: one-time links, and the account behind each name."""

from pathlib import Path
from typing import Final

from vault import accounts, links
from vault.accounts import AccountView
from vault.context import OPERATOR, Vault
from vault.kinds import LinkKind
from web.demo import note
from web.demo.note import NotADemoError

LINKS: Final = (
    ("edith", "a resident: Edith, 82, home from hospital today"),
    ("carer", "an officer: Aisha, senior carer"),
    ("auditor", "an auditor: Ruth"),
    ("administrator", "an administrator: Sanjay"),
)
"""Whom one-time sign-in links are printed for, and how each is called there."""


def sign_in_links(vault: Vault, *, home: Path, issuer: str) -> list[tuple[str, str]]:
    """Fresh one-time links that sign people of the demo in: (who, address), good for a day and one use each."""
    held = note.read(home)
    with vault.transaction(OPERATOR) as ctx:
        return [
            (who, f"{issuer}/link/{links.make(ctx, account_id=held.accounts[slug], kind=LinkKind.DEMO)}")
            for slug, who in LINKS
            if slug in held.accounts
        ]


def account_of(vault: Vault, *, home: Path, slug: str) -> AccountView:
    """
    The account of *slug* in the demo under *home*.

    Raises:
        NotADemoError: Nobody of that name has an account there.
    """
    found = note.read(home).accounts.get(slug)
    if found is None:
        raise NotADemoError("nobody of that name has an account in this demo")
    with vault.reading(OPERATOR) as ctx:
        return accounts.find(ctx, account_id=found)
