"""``citizen-vault import``: records from the silos that hold them, under a named purpose and agreement."""

import sys
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

import click

from vault import purposes
from vault.context import OPERATOR, Vault
from vault.errors import ImportRefusedError, NotFoundError
from vault.importing.run import Order, Summary, in_order, run_import
from web.cli.showing import counted, json_option, show
from web.opening import opened, settings
from web.sandbox import note

MOST_NOTICES = 20


@click.command("import")
@click.argument("paths", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@click.option("--from", "organisation", required=True, metavar="ORG", help="Whose files they are, as registered.")
@click.option("--system", required=True, metavar="NAME", help="The system they were drawn from, such as ward-system.")
@click.option("--purpose", required=True, metavar="P", help="The registered purpose under which data is received.")
@click.option("--agreement", metavar="REF", help="The agreement it rests on; else the one the purpose names.")
@click.option("--overlay", type=click.Path(exists=True, path_type=Path), help="CSV with UK identifiers for US samples.")
@click.option(
    "--keep-unknown", is_flag=True, help="Seal what has no home for 90 days, where no service may ask for it."
)
@json_option
def import_(
    paths: tuple[Path, ...],
    organisation: str,
    system: str,
    purpose: str,
    agreement: str | None,
    overlay: Path | None,
    keep_unknown: bool,  # noqa: FBT001 -- Click passes options by keyword
    as_json: bool,  # noqa: FBT001 -- Click passes options by keyword
) -> None:
    """
    Bring in FHIR R4 (.json) and council extracts (.csv): files, or whole folders.

    The same files again change nothing. A run that was killed is finished by running it again. A file that cannot be
    read is named, the rest goes on, and the exit status is 1.

    \b
    Example: what the hospital holds
      citizen-vault import bundles/ --from example-hospital --system ward-system --purpose receive-health-record
    """
    if note.is_marked(settings().home):
        raise note.InASandboxError(
            "nothing is imported into a sandbox, where nobody is real; begin with `init` elsewhere"
        )
    with opened() as vault:
        order = Order(
            organisation=organisation,
            system=system,
            purpose=purpose,
            agreement=agreement or _agreement(vault, purpose),
            overlay=overlay,
            keep_unknown=keep_unknown,
        )
        files = in_order(paths)
        with click.progressbar(
            length=len(files), label="importing", file=sys.stderr, hidden=not sys.stderr.isatty()
        ) as bar:
            summary = run_import(vault, paths=paths, order=order, progress=lambda _file: bar.update(1))
    show(summary.as_json(), as_json=as_json, lines=_lines(summary))
    if summary.failed:
        raise SystemExit(1)


def _agreement(vault: Vault, purpose: str) -> str:
    """The agreement that the registered purpose names; none where it is not registered, so that the run is refused."""
    try:
        with vault.reading(OPERATOR) as ctx:
            return purposes.find(ctx, slug=purpose).agreement
    except NotFoundError as error:
        raise ImportRefusedError(str(error)) from error


def _lines(summary: Summary) -> Iterable[str]:
    yield f"{counted(summary.files, 'file')} read, {summary.failed} with errors"
    counts: Mapping[str, Counter[str]] = {
        "people": summary.people,
        "items": summary.items,
        "for the unmatched tray": summary.unmatched,
        "left out": summary.left_out,
    }
    for title, found in counts.items():
        if found:
            yield f"{title}: " + ", ".join(f"{name or 'unknown'} {count:,}" for name, count in sorted(found.items()))
    for name, notice in summary.notices[:MOST_NOTICES]:
        yield f"{notice.kind}: {name} {notice.position}: {notice.message}"
    if len(summary.notices) > MOST_NOTICES:
        yield f"and {len(summary.notices) - MOST_NOTICES:,} more; `--json` shows all"
