"""Tables that can be made anew from the log, or that only count: neither confers anything on anybody."""

from uuid import UUID

from sqlalchemy import BigInteger, Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from vault.models.base import Base


class RefusalSum(Base):
    """How many strangers were refused in one minute (counted since 1970), until that is an entry of the log."""

    __tablename__ = "refusal_sums"

    kind: Mapped[str] = mapped_column(primary_key=True)
    minute: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    count: Mapped[int] = mapped_column(BigInteger)


class LogLine(Base):
    """Where an entry of the log is found: derived from its leaf and its payload, made anew at any time.

    `organisation_id` is whose service or staff acted; `service_id` the service that acted or that it is about; `person`
    the month's pseudonym (16 bytes) of the acting person's reference.
    """

    __tablename__ = "log_lines"
    __table_args__ = (
        Index(None, "event", "time", "log", "at"),
        Index(None, "purpose", "time", "log", "at"),
        Index(None, "subject", "time", "log", "at"),
        Index(None, "organisation_id", "time", "log", "at"),
        Index(None, "service_id", "time", "log", "at"),
        Index(None, "person", "time", "log", "at"),
        Index(None, "grant_id", "time", "log", "at"),
        Index(None, "case_id", "time", "log", "at"),
        Index(None, "time", "log", "at"),
    )

    log: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    at: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    time: Mapped[int] = mapped_column(BigInteger)
    event: Mapped[str]
    purpose: Mapped[str | None] = mapped_column(default=None)
    subject: Mapped[bytes | None] = mapped_column(default=None)
    organisation_id: Mapped[UUID | None] = mapped_column(default=None)
    service_id: Mapped[UUID | None] = mapped_column(default=None)
    person: Mapped[bytes | None] = mapped_column(default=None)
    grant_id: Mapped[UUID | None] = mapped_column(default=None)
    case_id: Mapped[UUID | None] = mapped_column(default=None)
