"""The common ground of the vault's tables: column types, names of constraints, and the two marks a table can carry.

`Authenticated` rows carry ``row_mac``; `Covered` rows are held against the log. What the marks do is
`vault.authentic`'s business; here they only
say which columns stand outside (`UNMARKED`: counters, last-seen stamps and wrapped key bytes, whose truth lies
elsewhere).
"""

import enum
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import UUID

import orjson
from sqlalchemy import BigInteger, Dialect, Enum, LargeBinary, MetaData, String, Text, TypeDecorator, Uuid
from sqlalchemy.orm import DeclarativeBase, Mapped, MappedAsDataclass, mapped_column

MAC_BYTES = 32


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept as whole microseconds since 1970 in UTC: the same on every database, and exact."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Refuse a naive moment: it does not say when."""
        if value is None:
            return None
        if value.tzinfo is None:
            message = "naive datetime: say which timezone"
            raise ValueError(message)
        return (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 -- SQLAlchemy's signature
        """Return the moment in UTC."""
        return None if value is None else _EPOCH + value * _MICROSECOND


class CanonicalJson(TypeDecorator[Any]):
    """JSON kept as text with sorted keys, so that the same value is always the same bytes."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ANN401, ARG002 -- any JSON value; SQLAlchemy's signature
        """Write *value* with sorted keys."""
        return None if value is None else orjson.dumps(value, option=orjson.OPT_SORT_KEYS).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ANN401, ARG002 -- any JSON value; SQLAlchemy's signature
        """Read what was written."""
        return None if value is None else orjson.loads(value)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = datetime.resolution


def _values(members: type[enum.Enum]) -> list[str]:
    return [str(member.value) for member in members]


class Base(MappedAsDataclass, DeclarativeBase, kw_only=True, eq=False, repr=False):
    """Every table of the vault.

    Constructors take keywords only, and defaults are set at once, so that a row's mark can be computed before the
    flush.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcDateTime,
        bytes: LargeBinary,
        UUID: Uuid,
        str: String(200),
        enum.Enum: Enum(enum.Enum, native_enum=False, length=40, values_callable=_values, create_constraint=False),
        dict[str, Any]: CanonicalJson,
        list[str]: CanonicalJson,
    }
    UNMARKED: ClassVar[frozenset[str]] = frozenset()
    LATER: ClassVar[frozenset[str]] = frozenset()
    """Columns added after rows of the table were marked.

    While empty (NULL) they are left out of the canonical bytes, so that older rows keep their marks; filling or
    emptying one changes the bytes, and the count of parts at their head.
    """


class Authenticated(MappedAsDataclass, kw_only=True, eq=False, repr=False):
    """A row that confers authority.

    ``row_mac`` is HMAC-SHA256 (32 bytes) over its columns under a key that is not in the database.
    """

    row_mac: Mapped[bytes] = mapped_column(init=False, default=b"", sort_order=999)


class Covered(MappedAsDataclass, kw_only=True, eq=False, repr=False):
    """A row whose every state is named in the log by reference and digest.

    So that a change behind the vault's back is found.
    """
