"""The table of delays: entries of the log that their citizens see later, as the law allows."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import DelayState
from vault.models.base import Authenticated, Base, Covered


class Delay(Authenticated, Covered, Base):
    """
    One entry of the log, and those that would give it away, kept from its citizen until a day.

    It is about the log: it holds the pseudonym that the entry has, and nobody's id. So neither the auditor who asks for
    it nor whoever approves it learns who the citizen is.
    """

    __tablename__ = "delays"
    __table_args__ = (Index(None, "subject"), Index(None, "grant_id"), Index(None, "state", "until"))

    delay_id: Mapped[UUID] = mapped_column(primary_key=True)
    leaf_hash: Mapped[bytes]
    entries: Mapped[list[str]]
    """The leaf hashes (64 hex digits) that are hidden: the entry itself first, then those that come of it."""
    subject: Mapped[bytes]
    """The pseudonym of the entry's month, 16 bytes."""
    event: Mapped[str]
    entry_at: Mapped[datetime]
    uses: Mapped[int]
    """How many uses of the share are hidden with it: 1 for a look under one."""
    until: Mapped[datetime]
    """The moment from which the citizen sees it."""
    law: Mapped[str]
    """The provision, by its name in `vault.delays.LAWS`."""
    authority: Mapped[str]
    """Who asks for the delay, such as a police force; it names no resident."""
    sealed_words: Mapped[bytes]
    """Why, for the second person; and the answer of one who turned it down. Sealed under the house key."""
    proposed_at: Mapped[datetime]
    proposed_by: Mapped[UUID]
    grant_id: Mapped[UUID | None] = mapped_column(default=None)
    purpose: Mapped[str | None] = mapped_column(default=None)
    state: Mapped[DelayState] = mapped_column(default=DelayState.WAITING)
    decided_at: Mapped[datetime | None] = mapped_column(default=None)
    decided_by: Mapped[UUID | None] = mapped_column(default=None)
    ended_at: Mapped[datetime | None] = mapped_column(default=None)
    ended_by: Mapped[UUID | None] = mapped_column(default=None)
    """Who lifted it; empty where it opened by itself."""
    version: Mapped[int] = mapped_column(default=1)
