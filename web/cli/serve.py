"""``citizen-vault serve``: the portal and the API, with the log's sequencer beside them as a process of its own."""

import ipaddress
import os
import signal
import socket
import subprocess  # the sequencer holds the log's key and runs apart
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Final

import click
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

from vault.refusals import settle
from web.cli.demo import print_links
from web.config import DEFAULT_ISSUER, PREFIX, Config
from web.demo import doors, note
from web.opening import opened, settings
from web.sandbox import note as sandbox

PATIENCE_SECONDS: Final = 10
THREADS: Final = 4  # requests at once in one worker; Python runs one at a time, the rest wait for the disk


@click.command()
@click.option("--host", default="localhost", show_default=True, help="The address to listen at.")
@click.option("--port", type=click.IntRange(1, 65535), default=8000, show_default=True, help="The port to listen at.")
@click.option("--workers", type=click.IntRange(1, 64), help="Worker processes; PostgreSQL only, else one.")
def serve(*, host: str, port: int, workers: int | None) -> None:
    """
    Serve the portal and the API until Ctrl-C.

    A SQLite vault is served by one worker; a PostgreSQL vault by one for each core.

    \b
    Example: citizen-vault serve --port 9000
    """
    config = _settings(host, port)
    is_sqlite, links = _look(config)
    if is_sqlite and (workers or 1) > 1:
        raise click.UsageError("a SQLite vault is served by one worker; use PostgreSQL for more")
    address = _free_address(host, port)
    for words in warnings(address, config):
        click.secho(f"warning: {words}", fg="yellow", err=True)
    click.echo(
        f"{config.council}: {config.issuer}"
        + (f"\nThe story in five steps: {config.issuer}/demo" if links else "")
        + (f"\nWho lives in this sandbox: {config.issuer}/sandbox" if sandbox.exists(config.home) else "")
    )
    if links:
        print_links(links)
    with _sequencer():
        Granian(
            "web.cli.worker:make",
            factory=True,
            interface=Interfaces.WSGI,
            address=address,
            port=port,
            workers=1 if is_sqlite else workers or os.cpu_count() or 1,
            blocking_threads=THREADS,
            workers_kill_timeout=PATIENCE_SECONDS,
            respawn_failed_workers=True,
            log_level=LogLevels.warning,
        ).serve()
        with opened(config) as vault:  # every worker has handed over what it counted
            settle(vault, everything=True)


def _settings(host: str, port: int) -> Config:
    """The settings, with what a demo and another port imply where the environment says nothing of it."""
    implied = {"ISSUER": f"http://{host}:{port}"} if host == "localhost" else {"ISSUER": DEFAULT_ISSUER}
    if note.exists(settings().home):
        implied |= {"DEMO": "1", "COUNCIL": note.COUNCIL, "HELP_PHONE": note.HELP_PHONE}
    if sandbox.is_marked(settings().home):
        implied |= {"COUNCIL": sandbox.COUNCIL}
    for name, value in implied.items():
        os.environ.setdefault(PREFIX + name, value)
    return settings()


def _look(config: Config) -> tuple[bool, list[tuple[str, str]]]:
    """Open the vault once, so that what is wrong is said here and not by a worker; make the demo's links."""
    with opened(config) as vault:
        links = (
            doors.sign_in_links(vault, home=config.home, issuer=config.issuer)
            if config.demo and note.exists(config.home)
            else []
        )
        return vault.db.is_sqlite, links


def warnings(address: str, config: Config) -> list[str]:
    """What an operator should know of listening at *address*: nothing where only this machine can reach it."""
    if _is_here(address):
        return []
    found = []
    if not config.secure:
        found.append(
            f"others can reach {address}, and all that is read and sent there goes in clear; put a proxy that speaks "
            f"https in front of it, and set {PREFIX}ISSUER to its https:// address and {PREFIX}PROXIES to 1"
        )
    if config.demo:
        found.append(f"this is a demo, where one click makes you anybody; whoever can reach {address} can do that")
    if sandbox.is_marked(config.home):
        found.append(f"this is a sandbox, where one click makes you anybody; whoever can reach {address} can do that")
    return found


def _is_here(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def _free_address(host: str, port: int) -> str:
    """The address to bind; a sentence where the port is taken or not ours to take."""
    address = "127.0.0.1" if host == "localhost" else host
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((address, port))
        except OSError as error:
            message = f"cannot listen at {host}:{port} ({error.strerror}); choose another with --port"
            raise click.ClickException(message) from error
    return address


@contextmanager
def _sequencer() -> Iterator[None]:
    """The log's sequencer, started apart and stopped last, so that it places what the workers wrote at their end."""
    command = [sys.executable, "-m", "web.cli", "audit", "sequence", "--follow", "--parent", str(os.getpid())]
    # The child takes no end before it is ready to end well: it lifts this mask itself (`web.cli.sequencing`).
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        process = subprocess.Popen(command, start_new_session=True)  # noqa: S603 -- our own command
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    try:
        yield
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(PATIENCE_SECONDS)
        if process.poll() is None:
            process.kill()
