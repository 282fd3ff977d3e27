"""``citizen-vault witness …``: vouch for another council's log, with keys of one's own and no access to its data."""

import os
from pathlib import Path

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from audit.checkpoint import read_text, split_note
from web.cli.showing import counted, json_option, show
from web.witness import folder as witnesses
from web.witness.app import HOME

FOLDER = click.argument("folder", type=click.Path(file_okay=False, path_type=Path))


@click.group(no_args_is_help=True)
def witness() -> None:
    """Vouch for the log of another council (C2SP tlog-witness)."""


@witness.command()
@FOLDER
@click.option("--name", required=True, help="What it is called: an address without a scheme.")
@click.option(
    "--algorithm",
    type=click.Choice(witnesses.ALGORITHMS),
    default=witnesses.ED25519,
    show_default=True,
    help="How it signs; ml-dsa-44 is safe against quantum computers, where those who check can read it.",
)
def init(*, folder: Path, name: str, algorithm: str) -> None:
    """
    Make a witness in FOLDER, with a key of its own, and print the line by which logs know it.

    Give that line to the council whose log you watch; it goes into its list of witnesses.

    \b
    Example: citizen-vault witness init /srv/witness --name witness.example.org/w1
    """
    click.echo(str(witnesses.make(folder, name=name, algorithm=algorithm)))


@witness.command()
@FOLDER
@click.argument("log")
def watch(*, folder: Path, log: str) -> None:
    """
    Watch the log whose verifier key is LOG, as `citizen-vault audit key` prints it there.

    \b
    Example: citizen-vault witness watch /srv/witness vault.example.org/log+0fdd6bea+AbcD…
    """
    click.echo(f"watching {witnesses.watch(folder, log)}; a witness that is being served sees it when it starts again")


@witness.command(name="show")
@FOLDER
@json_option
def show_(*, folder: Path, as_json: bool) -> None:
    """
    Say what the witness in FOLDER is called, its key, and the last head of each log it cosigned.

    \b
    Example: citizen-vault witness show /srv/witness
    """
    found = witnesses.opened(folder)
    logs = {origin: _size(found.latest(origin)) for origin in found.logs}
    found.engine.dispose()
    lines = [str(found.cosigner)]
    lines += [f"{origin}: {counted(size, 'entry', 'entries')} cosigned" for origin, size in logs.items()]
    show({"key": str(found.cosigner), "logs": logs}, as_json=as_json, lines=lines)


def _size(note: str | None) -> int:
    return read_text(split_note(note)[0]).size if note else 0


@witness.command()
@FOLDER
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8100, show_default=True, help="The port to listen at.")
def serve(*, folder: Path, host: str, port: int) -> None:
    """
    Serve the witness in FOLDER until Ctrl-C: `add-checkpoint` for logs, the last heads for anyone who checks.

    \b
    Example: citizen-vault witness serve /srv/witness --port 8100
    """
    found = witnesses.opened(folder)  # what is wrong is said here and not by a worker
    found.engine.dispose()
    os.environ[HOME] = str(folder.absolute())
    click.echo(f"{found.cosigner.name} watches {counted(len(found.logs), 'log')} at http://{host}:{port}")
    Granian(
        "web.witness.app:make",
        factory=True,
        interface=Interfaces.WSGI,
        address=host,
        port=port,
        workers=1,
        blocking_threads=2,
        log_level=LogLevels.warning,
    ).serve()
