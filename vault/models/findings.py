"""Tables of the watchers: what staff did of late, what they are near to, and what was found and worked off."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import FindingState, FindingStep
from vault.models.base import Authenticated, Base, Covered


class WatchedAct(Authenticated, Base):
    """One act of a member of staff, read from an entry of the log; kept for some weeks and made anew from it.

    `officer`, `team` and `person` are keyed marks (16 bytes); `subject` is the person's pseudonym of the month.
    """

    __tablename__ = "watched_acts"
    __table_args__ = (
        Index(None, "officer", "time"),
        Index(None, "team", "time"),
        Index(None, "person", "time"),
        Index(None, "subject", "time"),
        Index(None, "service_id", "time"),
        Index(None, "time"),
    )

    log: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time: Mapped[int] = mapped_column(BigInteger)
    kind: Mapped[str]
    leaf_hash: Mapped[bytes]
    officer: Mapped[bytes]
    team: Mapped[bytes]
    service_id: Mapped[UUID | None] = mapped_column(default=None)
    organisation_id: Mapped[UUID | None] = mapped_column(default=None)
    person: Mapped[bytes | None] = mapped_column(default=None)
    subject: Mapped[bytes | None] = mapped_column(default=None)
    matter: Mapped[bytes | None] = mapped_column(default=None)
    """Keyed mark of the emergency that it belongs to."""
    ties: Mapped[str] = mapped_column(default="")
    """How the officer is near to the person, as words of `vault.watching.ties` with spaces between."""
    emergency: Mapped[bool] = mapped_column(default=False)
    fresh: Mapped[bool] = mapped_column(default=False)
    """Whether the share looked at under was made within the last days."""
    explained: Mapped[bool | None] = mapped_column(default=None)
    """Whether work explains the look; empty until that is settled."""


class WatchState(Authenticated, Covered, Base):
    """How far the watchers have read: the last entry of the log, and up to when looks were settled."""

    __tablename__ = "watch_states"
    name: Mapped[str] = mapped_column(primary_key=True)
    log: Mapped[int] = mapped_column(Integer)
    at: Mapped[int] = mapped_column(BigInteger)
    settled: Mapped[int] = mapped_column(BigInteger)
    """Looks up to this moment (µs since 1970) were held against the work around them."""
    followed: Mapped[int] = mapped_column(BigInteger)
    """Emergencies up to this moment were held against their follow-up."""
    version: Mapped[int] = mapped_column(default=1)


class StaffTie(Authenticated, Covered, Base):
    """What a member of staff is near to: surnames, postcodes and their own record, sealed under the house key."""

    __tablename__ = "staff_ties"

    account_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed_ties: Mapped[bytes]
    noted_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class MarkedPerson(Authenticated, Covered, Base):
    """A citizen at whom the curious look: known to the public, or at risk. Why is sealed under the house key."""

    __tablename__ = "marked_people"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    sealed_reason: Mapped[bytes]
    marked_at: Mapped[datetime]
    version: Mapped[int] = mapped_column(default=1)


class TieMark(Authenticated, Base):
    """Keyed marks (16 bytes each) of a citizen's surnames and postcodes; alike for no two citizens, kept some weeks."""

    __tablename__ = "tie_marks"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    surnames: Mapped[list[str]]
    postcodes: Mapped[list[str]]
    made_at: Mapped[datetime] = mapped_column(index=True)


class Finding(Authenticated, Covered, Base):
    """What a watcher found: its rule, its evidence by leaf hash, and where the work on it stands."""

    __tablename__ = "findings"
    __table_args__ = (Index(None, "scope", "part", unique=True), Index(None, "state", "found_at"))

    finding_id: Mapped[UUID] = mapped_column(primary_key=True)
    rule: Mapped[str]
    scope: Mapped[bytes]
    """Keyed mark (16 bytes) of what makes it one finding: rule, officer, and day, week or person."""
    part: Mapped[int]
    """Counts the findings of one scope: a new one begins where the last was closed."""
    grave: Mapped[bool]
    organisation_id: Mapped[UUID | None]
    """Whose member of staff it is about."""
    evidence: Mapped[list[str]]
    """Leaf hashes, oldest first, 64 hex digits each."""
    sealed_words: Mapped[bytes]
    """Whom it is about, and the figures that the rule compared; sealed under the house key."""
    first_at: Mapped[datetime]
    last_at: Mapped[datetime]
    found_at: Mapped[datetime]
    state: Mapped[FindingState] = mapped_column(default=FindingState.OPEN)
    assigned_to: Mapped[UUID | None] = mapped_column(default=None)
    closed_by: Mapped[UUID | None] = mapped_column(default=None)
    closed_at: Mapped[datetime | None] = mapped_column(default=None)
    version: Mapped[int] = mapped_column(default=1)


class FindingNote(Authenticated, Covered, Base):
    """One thing that somebody did about a finding, with their words."""

    __tablename__ = "finding_notes"
    __table_args__ = (Index(None, "finding_id", "number"),)

    note_id: Mapped[UUID] = mapped_column(primary_key=True)
    finding_id: Mapped[UUID]
    number: Mapped[int]
    """Counts what happened to the finding: its version then."""
    step: Mapped[FindingStep]
    at: Mapped[datetime]
    by: Mapped[UUID | None] = mapped_column(default=None)
    to: Mapped[UUID | None] = mapped_column(default=None)
    """Whom it was given to, where that is the step."""
    sealed_words: Mapped[bytes | None] = mapped_column(default=None)
