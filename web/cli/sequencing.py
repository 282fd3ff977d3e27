"""``citizen-vault audit sequence``: what waits gets its place in the log, now or for as long as a server runs."""

import os
import signal
import threading

import click

from audit.errors import AuditError
from audit.log import Writers
from audit.numbers import Fault
from audit.sequencer import run, sequence
from vault.clock import microseconds
from vault.context import Vault
from web.cli.showing import counted
from web.cli.witnesses import ask_along
from web.config import Config
from web.opening import opened, settings, signer_of
from web.witness import asking


@click.command("sequence")
@click.option("--follow", is_flag=True, help="Go on until stopped, twice a second.")
@click.option("--parent", type=int, hidden=True)
def sequence_(*, follow: bool, parent: int | None) -> None:
    """
    Give what waits its place in the log, and sign the new head. `serve` does this by itself.

    \b
    Example: citizen-vault audit sequence
    """
    config = settings()
    with opened(config) as vault:
        if follow:
            _follow(vault, config, parent)
        else:
            click.echo(f"{counted(place_waiting(vault, config), 'entry', 'entries')} placed")


def _alarm(fault: Fault) -> None:
    click.echo(f"audit: {fault.about}", err=True)


def place_waiting(vault: Vault, config: Config) -> int:
    """Give every leaf that waits its place, and sign the head; return how many got one."""
    return sequence(
        vault.db.write,
        writer_key=vault.keyring.writer_key,
        signer=signer_of(vault, config),
        now_us=microseconds(vault.clock()),
        writers=vault.writers,
        on_alarm=_alarm,
    )


def place_or_say_why_not(vault: Vault, config: Config) -> list[str]:
    """As `place_waiting`; where the log is not as it was signed, the sentence that says so, for a report."""
    try:
        place_waiting(vault, config)
    except AuditError as error:
        return [f"nothing is placed or signed: {error}"]
    return []


def _follow(vault: Vault, config: Config, parent: int | None) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: stop.set())
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})  # `serve` starts this process with it held back
    if parent is not None:
        threading.Thread(target=_stop_with, args=(parent, stop), daemon=True).start()
    if witnesses := asking.read(config.witnesses):
        threading.Thread(target=ask_along, args=(vault, witnesses, stop), daemon=True).start()
    run(
        vault.db.write,
        writer_key=vault.keyring.writer_key,
        signer=signer_of(vault, config),
        clock=lambda: microseconds(vault.clock()),
        writers=Writers(vault.keyring.writer_key),
        stop=stop,
        on_failure=_say_failure,
        on_alarm=_alarm,
    )


def _say_failure(failure: Exception) -> None:
    words = str(failure) if isinstance(failure, AuditError) else type(failure).__name__
    click.echo(f"audit: the sequencer could not finish its turn and tries again: {words}", err=True)


def _stop_with(parent: int, stop: threading.Event) -> None:
    """Stop when the process that started this one is gone, however it went."""
    while os.getppid() == parent and not stop.wait(1):
        pass
    stop.set()
