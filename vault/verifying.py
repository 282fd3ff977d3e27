"""Proving the log in its tables and holding the rows against it, in one pass: whole, or from what was proved last.

Every covered row is compared in either run, however old it is. What a run from the last proof leaves to the whole one
is to read again the entries that were proved before.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sqlalchemy import select

from audit.bundles import Summary
from audit.forks import Root, hold_kept
from audit.processes import Crew, crew_for
from audit.report import Report
from audit.signer import Head, Signer, origin_of
from audit.standing import Standing
from audit.store import newest_log, stored_tree
from audit.stored import Going, Helping, check_tables
from audit.stored_before import hold_before, root_in_tables
from audit.stored_bundles import summary_in
from vault.clock import microseconds
from vault.context import OPERATOR, Context, Vault
from vault.errors import VerifiedUnusableError
from vault.holding import Defect, Held, Progress, count_rows, hold, no_progress
from vault.keychain import MONTH
from vault.kinds import KeyState
from vault.models import HouseKey
from vault.seen import source_seen
from vault.together import one_moment
from vault.told import Told
from vault.trail import hold_places
from vault.verified import Verified, keep, last

KEY: Final = "verified"
WORTH: Final = 30_000
"""Entries and rows from which on starting more processes costs less than it gains."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a run found."""

    log: Report
    held: Held
    places: tuple[Defect, ...]
    """What is wrong with the table that searches go by."""
    before: Verified | None
    """What it went on from; None where it read the whole."""
    entries: int
    """How many entries the log has."""
    unusable: str = ""
    """Why what was proved last could not be used."""

    @property
    def sound(self) -> bool:
        """Whether nothing is wrong."""
        return self.log.sound and not self.rows

    @property
    def rows(self) -> tuple[Defect, ...]:
        """Every row that is not as the log says."""
        return (*self.held.defects, *self.places)


@dataclass(slots=True)
class _Reached:
    """What was told by the time when the newest signed head was reached."""

    told: Told
    standing: Standing | None = None
    rows: bytes = field(default=b"", repr=False)

    def keep(self, standing: Standing) -> None:
        self.standing, self.rows = standing, self.told.pack()


def verify(
    vault: Vault,
    *,
    signer: Signer,
    path: Path,
    whole: bool = False,
    kept: Sequence[str] = (),
    progress: Progress = no_progress,
) -> Outcome:
    """
    Prove the log and hold every covered row against it; what was proved is kept for the next run if the log is sound.

    Args:
        vault: An open vault.
        signer: Keeper of the log's last head.
        path: The file that says what was proved last (`vault.verified`).
        whole: Read every entry, whatever was proved before.
        kept: Heads that somebody kept, as signed notes; the log must extend each of them.
        progress: Told how many entries of how many are read, then how many rows of how many are compared.

    Raises:
        HeadMissingError, HeadInvalidError: The signer's memory is missing or damaged.
        WorkerFailedError: A process that helped died or could not do its part; nothing is known then.
    """
    head = signer.head  # read first: the tables may only be ahead of it
    before, unusable = _before(vault, path)
    with (
        crew_for(_much(vault, None if whole else before), worth=WORTH) as helpers,
        one_moment(vault, helpers) as (ctx, crew),
    ):
        against = Report()
        known = before is not None and hold_before(ctx.session, against, before.standing, head)
        from_there = before if known and not whole else None
        reached = _Reached(from_there.told if from_there else Told())
        log = _prove(ctx, signer, head, from_there, reached, crew, progress)
        for defect in against.defects:
            log.add(defect.kind, defect.log, defect.where)
        hold_kept(log, kept, [signer.public_key], list(_roots(ctx, head)))
        held = hold(ctx.session, told=reached.told, crew=crew, progress=progress)
        since = (from_there.standing.log, from_there.standing.size) if from_there else (0, 0)
        places = hold_places(ctx, since=since, crew=crew, progress=progress)
    entries = log.entries + (from_there.entries if from_there else 0)
    if log.sound and reached.standing is not None:
        verified = Verified(reached.standing, microseconds(vault.clock()), entries, reached.rows)
        keep(path, verified, key=vault.keyring.derived(KEY), origin=vault.origin)
    return Outcome(log, held, tuple(places), from_there, entries, unusable)


def _roots(ctx: Context, head: Head) -> Iterator[tuple[str, Root]]:
    for log in range(head.log + 1):
        size = stored_tree(ctx.session, log).size
        yield origin_of(ctx.vault.origin, log), root_in_tables(ctx.session, log, size)


def _before(vault: Vault, path: Path) -> tuple[Verified | None, str]:
    try:
        return last(path, key=vault.keyring.derived(KEY), origin=vault.origin), ""
    except VerifiedUnusableError as error:
        return None, str(error)


def _much(vault: Vault, before: Verified | None) -> int:
    """How many entries and rows there are about, to read and to compare."""
    with vault.reading(OPERATOR) as ctx:
        entries = sum(stored_tree(ctx.session, log).size for log in range(newest_log(ctx.session) + 1))
        return entries - (before.standing.size if before else 0) + count_rows(ctx.session)


def _prove(
    ctx: Context,
    signer: Signer,
    head: Head,
    before: Verified | None,
    reached: _Reached,
    crew: Crew | None,
    progress: Progress,
) -> Report:
    return check_tables(
        ctx.session,
        [signer.public_key],
        origin=ctx.vault.origin,
        head=head,
        writer_key=ctx.keyring.writer_key,
        disposed_months=disposed_months(ctx),
        going=Going(since=before.standing if before else None, on_touched=reached.told.take, keep=reached.keep),
        helping=None if crew is None else Helping(crew, summary_seen),
        progress=progress,
    )


def summary_seen(log: int, number: int) -> Summary | None:
    """What a bundle comes to, in a helping process."""
    return summary_in(source_seen(), log, number)


def disposed_months(ctx: Context) -> frozenset[str]:
    """The months ("2026-11") whose accountability key was destroyed, so that their payloads may be gone."""
    rows = ctx.session.scalars(select(HouseKey).where(HouseKey.state == KeyState.DESTROYED)).all()
    return frozenset(row.name.removeprefix(MONTH) for row in rows if row.name.startswith(MONTH))
