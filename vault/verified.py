"""What `citizen-vault audit verify` proved last, in a file beside the head file: a later run goes on from there.

The file is::

    "citizen-vault/verified/1" 0x0A | length of what follows (4, big-endian) | canonical JSON
    | rows (52 bytes each, `vault.told.Told.pack`) | HMAC-SHA256 (32) of all before it

The JSON says the log's configured origin, when it was proved (µs since 1970), how many entries that were, and how far
(`audit.standing.Standing.plain`). The mark is made with a key that is derived from the root key (``verified``), so that
neither somebody who can write the database nor somebody who can write this file alone can have anything believed.
An older file put back makes the next run read more, no less.
"""

import hmac
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import orjson

from audit.signer import replace_durably
from audit.standing import Standing
from vault.errors import VerifiedUnusableError
from vault.told import Told

FORMAT: Final = b"citizen-vault/verified/1\n"
NAME: Final = "log-verified"
_LENGTH: Final = 4
_MARK: Final = 32


@dataclass(frozen=True, slots=True)
class Verified:
    """What was proved: how far, when (µs since 1970), how many entries, and what they say of rows."""

    standing: Standing
    time_us: int
    entries: int
    rows: bytes
    """`Told.pack`."""

    @property
    def told(self) -> Told:
        """What the entries say of rows, to go on from."""
        return Told.unpack(self.rows)


def keep(path: Path, verified: Verified, *, key: bytes, origin: str) -> None:
    """Write *verified* to *path*, marked with *key* (32 bytes); the file is whole or the old one stays."""
    said = {
        "entries": verified.entries,
        "origin": origin,
        "standing": verified.standing.plain,
        "time": verified.time_us,
    }
    words = orjson.dumps(said, option=orjson.OPT_SORT_KEYS)
    body = b"".join([FORMAT, len(words).to_bytes(_LENGTH), words, verified.rows])
    replace_durably(path, body + hmac.digest(key, body, "sha256"))


def last(path: Path, *, key: bytes, origin: str) -> Verified | None:
    """
    What was proved last; None where nothing was yet.

    Raises:
        VerifiedUnusableError: The file is damaged, was marked by another key, or is of another log.
    """
    try:
        held = path.read_bytes()
    except FileNotFoundError:
        return None
    body, mark = held[:-_MARK], held[-_MARK:]
    if not body.startswith(FORMAT) or not hmac.compare_digest(hmac.digest(key, body, "sha256"), mark):
        raise VerifiedUnusableError(f"`{path}` does not carry this vault's mark")
    # INVARIANT: nothing is parsed before the mark was checked, so what follows is what `keep` wrote.
    start = len(FORMAT) + _LENGTH
    end = start + int.from_bytes(body[len(FORMAT) : start])
    said = orjson.loads(body[start:end])
    if said["origin"] != origin:
        raise VerifiedUnusableError(f"`{path}` is of the log `{said['origin']}`, not of `{origin}`")
    return Verified(Standing.from_plain(said["standing"]), said["time"], said["entries"], body[end:])
