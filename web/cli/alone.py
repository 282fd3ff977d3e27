"""Changing the registry from the command line: by the operator at the server, alone, which the log says."""

from collections.abc import Mapping
from typing import Any

import click

from vault import registry
from vault.context import Context
from vault.errors import InvalidInputError
from vault.kinds import ChangeKind

SAID = "done alone by the operator at the server; the log says so (in the portal it takes two people)"
NOTHING = "this would change nothing"


def change(ctx: Context, *, kind: ChangeKind, subject: str, content: Mapping[str, Any]) -> bool:
    """Apply a change alone; return whether it changed anything."""
    try:
        registry.propose(ctx, kind=kind, subject=subject, content=content)
    except InvalidInputError as error:
        if str(error) != NOTHING:
            raise
        return False
    return True


def tell(words: str, *, changed: bool) -> None:
    """Say what became of it, and that one person did it."""
    click.echo(words if changed else f"{words}: as it was before, nothing changed")
    if changed:
        click.echo(SAID, err=True)
