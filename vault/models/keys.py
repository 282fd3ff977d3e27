"""Tables of wrapped keys.

The wrapped bytes stand outside the marks (they change when the root key rotates); the fingerprint stands inside.
"""

from datetime import datetime
from typing import ClassVar
from uuid import UUID

from sqlalchemy.orm import Mapped, mapped_column

from vault.kinds import KeyState
from vault.models.base import Authenticated, Base, Covered


class CitizenKey(Authenticated, Covered, Base):
    """One citizen's key, by kind (``record`` or ``audit``) and generation, wrapped under the root key."""

    __tablename__ = "citizen_keys"
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"wrapped"})

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes]
    fingerprint: Mapped[bytes]
    created_at: Mapped[datetime]
    state: Mapped[KeyState] = mapped_column(default=KeyState.ACTIVE)


class CategoryKey(Authenticated, Covered, Base):
    """The key of one category of one citizen, by epoch, wrapped under the citizen's key of *generation*."""

    __tablename__ = "category_keys"
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"wrapped"})

    citizen_id: Mapped[UUID] = mapped_column(primary_key=True)
    category: Mapped[str] = mapped_column(primary_key=True)
    epoch: Mapped[int] = mapped_column(primary_key=True)
    generation: Mapped[int]
    wrapped: Mapped[bytes]
    fingerprint: Mapped[bytes]
    created_at: Mapped[datetime]


class HouseKey(Authenticated, Covered, Base):
    """A key of the council itself: ``house`` (unmatched items, staff labels) or ``month:YYYY-MM`` (accountability)."""

    __tablename__ = "house_keys"
    UNMARKED: ClassVar[frozenset[str]] = frozenset({"wrapped"})

    name: Mapped[str] = mapped_column(primary_key=True)
    generation: Mapped[int] = mapped_column(primary_key=True)
    wrapped: Mapped[bytes]
    fingerprint: Mapped[bytes]
    created_at: Mapped[datetime]
    state: Mapped[KeyState] = mapped_column(default=KeyState.ACTIVE)
