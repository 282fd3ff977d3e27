"""``citizen-vault connector``: hold a service's keys and speak to the vault for systems that cannot."""

import ipaddress
import logging
import signal
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Final

import click

from web.client import ClientError, ServiceKey, VaultClient
from web.connector import serving
from web.connector.drop import Drop
from web.connector.local import app_for
from web.connector.serving import ConnectorError
from web.connector.store import Store
from web.connector.working import Worker

HOUR_SECONDS: Final = 3600
_FOLDER: Final = click.Path(file_okay=False, path_type=Path)


@click.command()
@click.option(
    "--vault", "issuer", required=True, metavar="ADDRESS", help="The vault, such as https://vault.example.org."
)
@click.option("--client", "client_id", required=True, metavar="ID", help="The service, as it is registered.")
@click.option(
    "--key", required=True, type=click.Path(dir_okay=False, path_type=Path), help="Its private keys (JWK set)."
)
@click.option("--home", required=True, type=_FOLDER, help="A folder of the connector's own, for its state and secret.")
@click.option("--listen", metavar="HOST:PORT", help="Offer a local address, such as 127.0.0.1:8700; this machine only.")
@click.option("--socket", type=click.Path(dir_okay=False, path_type=Path), help="Offer it at a Unix socket instead.")
@click.option("--in", "incoming", type=_FOLDER, help="The folder that requests are dropped into (.json, .csv).")
@click.option("--out", "outgoing", type=_FOLDER, help="The folder that answers are written to.")
@click.option(
    "--keep-hours",
    type=click.FloatRange(0.01, 24 * 90),
    default=24,
    show_default=True,
    help="How long answers are kept; then they are deleted.",
)
@click.option(
    "--ca", type=click.Path(exists=True, dir_okay=False), help="Certificates to trust instead of the system's."
)
@click.option("--once", is_flag=True, help="Take what lies there, move everything on once, and end: for a timer.")
def connector(
    *,
    issuer: str,
    client_id: str,
    key: Path,
    home: Path,
    listen: str | None,
    socket: Path | None,
    incoming: Path | None,
    outgoing: Path | None,
    keep_hours: float,
    ca: str | None,
    once: bool,
) -> None:
    """
    Speak to the vault for systems that cannot: they drop a file, or make a plain call on this machine.

    Each request has an id of its own, and asks a person once, however often it comes and however often this process is
    killed. Answers are files of mode 0600, deleted after --keep-hours; a call reads through the vault each time, and
    the person sees each look. Nothing that is read is ever printed or kept elsewhere.

    A request: id, person, purpose, fields (names with spaces between, or a list), and reference and role of who acts;
    if wanted message, reason, case_reference, team, days, categories.

    \b
    Example: files in, files out
      citizen-vault connector --vault https://vault.example.org --client home-care --key private.json \\
        --home /srv/connector --in /srv/drop/in --out /srv/drop/out
    Example: a local address; callers show the secret in /srv/connector/secret
      citizen-vault connector … --home /srv/connector --listen 127.0.0.1:8700
      curl -X PUT -H "Authorization: Bearer $(cat /srv/connector/secret)" -H "Content-Type: application/json" \\
        -d '{"person": "ref:rota:31", "purpose": "home-care-support", "fields": "medication.name",
             "reference": "hc-0417", "role": "care-worker"}' http://127.0.0.1:8700/requests/visit-31
      curl … http://127.0.0.1:8700/requests/visit-31           how it stands
      curl … http://127.0.0.1:8700/requests/visit-31/records   what is shared now
      curl -X DELETE … http://127.0.0.1:8700/requests/visit-31 give it back
    """
    host, port = _place(listen, socket)
    if bool(incoming) != bool(outgoing):
        raise click.UsageError("--in and --out go together")
    if not incoming and not host:
        raise click.UsageError("nobody could ask: give --in and --out, --listen, or --socket")
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    try:
        with ExitStack() as held:
            here = held.enter_context(serving.home_of(home))
            worker, drop = _worker(here, issuer, client_id, key, ca, incoming, outgoing)
            held.callback(worker.store.close)
            if once:
                click.echo(f"{serving.turn(worker, drop)} moved on", err=True)
                serving.sweep(worker, drop, keep_seconds=keep_hours * HOUR_SECONDS)
                return
            if host:
                shown = None if host.startswith("unix:") else serving.secret(here)
                held.enter_context(serving.served(app_for(worker, secret=shown), host=host, port=port))
                click.echo(f"listening at {host}" + (f":{port}" if port else ""), err=True)
            click.echo("working; Ctrl-C ends it, and nothing is lost", err=True)
            serving.work_on(worker, drop, keep_seconds=keep_hours * HOUR_SECONDS, ended=_ended(), progress=_tell)
    except (ConnectorError, ClientError, ValueError) as error:
        remedy = f" {error.remedy}" if isinstance(error, ClientError) else ""
        raise click.ClickException(f"{error}.{remedy}") from None


def _worker(
    home: Path, issuer: str, client_id: str, key: Path, ca: str | None, incoming: Path | None, outgoing: Path | None
) -> tuple[Worker, Drop | None]:
    client = VaultClient(issuer, client_id, ServiceKey.load(key), proof_key=serving.proof_key(home), ca_file=ca)
    drop = Drop(incoming, outgoing) if incoming and outgoing else None
    return Worker(client, Store(home / "requests.sqlite3"), drop.deliver if drop else serving.nowhere), drop


def _place(listen: str | None, socket: Path | None) -> tuple[str, int]:
    """Where to listen: a loopback address and port, or a socket; nowhere where neither is named."""
    if listen and socket:
        raise click.UsageError("give --listen or --socket, not both")
    if socket:
        return f"unix://{socket.absolute()}", 0
    if not listen:
        return "", 0
    host, _, port = listen.rpartition(":")
    try:
        is_here = ipaddress.ip_address(host.strip("[]")).is_loopback
        number = int(port)
    except ValueError:
        raise click.UsageError("--listen is an address and a port, such as 127.0.0.1:8700") from None
    if not is_here:
        raise click.UsageError("the connector listens on this machine alone: 127.0.0.1 or [::1]")
    return host.strip("[]"), number


def _tell(moved: int) -> None:
    """Say that something moved, in numbers."""
    if moved:
        click.echo(f"{moved} moved on", err=True)


def _ended() -> threading.Event:
    """Set when the process is told to end."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    return ended
