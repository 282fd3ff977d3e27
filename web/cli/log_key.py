"""``citizen-vault audit key``: the line by which verifiers and witnesses know this log."""

import click

from audit.checkpoint import verifier_key
from web.cli.showing import json_option, show
from web.opening import opened, settings, signer_of


@click.command("key")
@json_option
def log_key(*, as_json: bool) -> None:
    """
    Print the log's verifier key (C2SP signed-note), for witnesses and for those who check proofs.

    After a declared recovery the log goes on under another origin, and this prints another line.

    \b
    Example: citizen-vault audit key
    """
    config = settings()
    with opened(config) as vault:
        signer = signer_of(vault, config)
        line = verifier_key(signer.head.origin, signer.public_key)
    show({"key": line}, as_json=as_json, lines=[line])
