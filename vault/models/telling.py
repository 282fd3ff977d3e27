"""Tables of telling people that something waits: notices in the portal, how each wants mail, mail on its way."""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import MailChoice, NoticeKind
from vault.models.base import Authenticated, Base, Covered


class Notice(Authenticated, Base):
    """One thing a citizen should know: what kind, about which row, since when; and when they read it."""

    __tablename__ = "notices"
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"read_at"})

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[NoticeKind] = mapped_column(primary_key=True)
    about: Mapped[UUID] = mapped_column(primary_key=True)
    """The request, grant, passkey or other row that it is about."""
    occasion: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    """Tells one time from the next where the same row gives cause more than once."""
    at: Mapped[datetime]
    read_at: Mapped[datetime | None] = mapped_column(default=None)


class NoticeChoice(Authenticated, Covered, Base):
    """Whether a citizen wants e-mail about what waits: at once, once a day, or not at all."""

    __tablename__ = "notice_choices"

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    mail: Mapped[MailChoice]
    version: Mapped[int] = mapped_column(default=1)


class OutgoingMail(Base):
    """
    One e-mail that is to say that something waits, at most one for each citizen.

    It holds no words; where it goes is sealed under the house key once it is known.
    """

    __tablename__ = "outgoing_mail"
    __table_args__ = (Index(None, "due_at"),)

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    due_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    sealed_address: Mapped[bytes | None] = mapped_column(default=None)
    by_letter: Mapped[bool] = mapped_column(default=False)
    """Whether there is no e-mail to send it to, so that the council writes a letter."""
