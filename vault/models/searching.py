"""What auditors keep for themselves: searches of the log under a name."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, Integer
from sqlalchemy.orm import Mapped, mapped_column

from vault.models.base import Authenticated, Base, Covered


class SavedSearch(Authenticated, Covered, Base):
    """A search of the log that an auditor keeps under a name: what it is narrowed to, never what it found.

    `sealed` holds name and filters under the house key: what an auditor watches, and the reference of a member of
    staff in it, is read in no back-up. Covered, for a search that somebody else narrowed would find less.
    """

    __tablename__ = "saved_searches"
    __table_args__ = (Index(None, "account_id", "saved_at"),)

    search_id: Mapped[UUID] = mapped_column(primary_key=True)
    account_id: Mapped[UUID]
    version: Mapped[int] = mapped_column(Integer)
    sealed: Mapped[bytes]
    saved_at: Mapped[datetime]
