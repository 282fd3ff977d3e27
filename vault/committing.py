"""What a database says of a write, in our words: kept without a comment, refused, or nobody knows."""

import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from vault.errors import BusyError, CommitUncertainError, DatabaseReadOnlyError

READ_ONLY: Final = "25006"
"""PostgreSQL's SQLSTATE of a write where none is taken."""
READ_ONLY_WORDS: Final = "the database is read-only; make its file and folder writable, then try again"
UNCONFIRMED: Final = "the database did not confirm the commit; nothing was released"


@contextmanager
def readable_refusals() -> Iterator[None]:
    """Say in our words that a database takes no writes, or has no turn."""
    try:
        yield
    except (DBAPIError, sqlite3.Error) as error:
        said = str(error.orig) if isinstance(error, DBAPIError) else str(error)
        if "readonly" in said or "read-only" in said:
            raise DatabaseReadOnlyError(READ_ONLY_WORDS) from error
        if "database is locked" in said or "lock timeout" in said:
            raise BusyError("the database was busy for too long; nothing was kept") from error
        raise
    except PoolTimeoutError as error:
        raise BusyError("every connection to the database was in use for too long") from error


def notices_of(info: Mapping[str, Any]) -> list[str]:
    """What the server says of its own accord is gathered here; on SQLite, nothing ever is."""
    found: list[str] = info.get("notices", [])
    return found


def demand_silence(notices: list[str]) -> None:
    """
    Let a commit count that the server did not comment on.

    Raises:
        CommitUncertainError: It did.
    """
    if notices:
        message = f"the database commented on a commit ({', '.join(notices)}), so it is not taken as kept"
        raise CommitUncertainError(message)
