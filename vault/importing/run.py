"""One run of the import.

Every file read, every person settled, every item kept or put on the tray, and all of it logged.

A file is one transaction, so a run that is killed leaves whole files only; started again, it finds the same items and
ends in the same state. Items
about people whom only a later file introduces are looked at a second time when all files are done.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from audit.events import Event
from vault import services
from vault.context import SYSTEM, Vault
from vault.errors import ImportRefusedError, NotFoundError
from vault.ids import new_id
from vault.importing.items import Item, Notice, NoticeKind, Subject
from vault.importing.keeping import Order, Run, Summary
from vault.importing.matching import Sender
from vault.importing.reading import read_file
from vault.journal import note
from vault.models import ImportRun
from vault.purposes import find as find_purpose

__all__ = ["Order", "Summary", "in_order", "run_import"]

Progress = Callable[[Path], None]


def run_import(vault: Vault, *, paths: Sequence[Path], order: Order, progress: Progress | None = None) -> Summary:
    """
    Import *paths* (files, or folders of them) as *order* says.

    Raises:
        ImportRefusedError: The order lacks something, or the purpose does not receive data.
    """
    run = _begin(vault, order)
    files = in_order(paths)
    again = [path for path in files if _take(run, path, progress, last=False)]
    for path in again:
        _take(run, path, None, last=True)
    with vault.transaction(SYSTEM) as ctx:
        row = ctx.session.get(ImportRun, run.run_id)
        assert row is not None  # noqa: S101 -- made by this very run
        row.finished_at = ctx.now
        row.version += 1
        note(
            ctx,
            Event.IMPORT_RUN,
            purpose=order.purpose,
            facts={"run": str(run.run_id), "ended": True, "items": dict(run.summary.items)},
        )
    return run.summary


def in_order(paths: Iterable[Path]) -> list[Path]:
    """All files below *paths*.

    Those that introduce people first, then by name, so that every run takes the same order.
    """
    found = {
        file
        for path in paths
        for file in (path.rglob("*") if path.is_dir() else (path,))
        if file.suffix in {".json", ".csv"}
    }
    return sorted(found, key=lambda file: (file.name != "people.csv" and "Patient" not in file.name, str(file)))


def _begin(vault: Vault, order: Order) -> Run:
    for name in ("organisation", "system", "purpose", "agreement"):
        if not getattr(order, name):
            raise ImportRefusedError(
                f"an import names its {name}; give `--{'from' if name == 'organisation' else name}`"
            )
    with vault.transaction(SYSTEM) as ctx:
        try:
            organisation = services.organisation(ctx, slug=order.organisation)
            purpose = find_purpose(ctx, slug=order.purpose)
        except NotFoundError as error:
            raise ImportRefusedError(str(error)) from error
        if not purpose.receives:
            raise ImportRefusedError(f"purpose `{order.purpose}` does not receive data into the vault")
        run_id = new_id()
        ctx.session.add(
            ImportRun(
                run_id=run_id,
                organisation_id=organisation.organisation_id,
                source_system=order.system,
                purpose=order.purpose,
                agreement=order.agreement,
                started_at=ctx.now,
            )
        )
        note(
            ctx, Event.IMPORT_RUN, purpose=order.purpose, facts={"run": str(run_id), "organisation": order.organisation}
        )
        return Run(vault, order, run_id, Sender(organisation.organisation_id, order.system))


def _take(run: Run, path: Path, progress: Progress | None, *, last: bool) -> bool:
    """Take one file in one transaction.

    Return whether it holds items about people not met yet, to be looked at again.
    """
    counts: Counter[str] = Counter()
    with run.vault.transaction(SYSTEM) as ctx:
        found = read_file(path, overlay=run.order.overlay, keep_unknown=run.order.keep_unknown)
        later = run.take(ctx, _told(run, path, found, counts, last=last), last=last)
    run.summary.files += not last
    run.summary.failed += bool(counts["failed"])
    if progress:
        progress(path)
    return later and not last


def _told(
    run: Run, path: Path, found: Iterable[Subject | Item | Notice], counts: Counter[str], *, last: bool
) -> Iterator[Subject | Item | Notice]:
    """*found*, each notice of it written down the first time."""
    for each in found:
        if isinstance(each, Notice):
            counts["failed"] += not last and _notice(run, path, each)
        yield each


def _notice(run: Run, path: Path, notice: Notice) -> bool:
    if notice.kind is NoticeKind.LEFT_OUT:
        run.summary.left_out[notice.type] += notice.count
    else:
        run.summary.notices.append((path.name, notice))
    return notice.kind is NoticeKind.ERROR
