"""The one statement by which a release is kept: the proof claimed, the grant used up, the entry queued, or none of it.

INVARIANT: the grant is used up, and the entry queued, only where every row that the decision rested on is still the
version that was read: grant, service, its registration for the purpose, the purpose, the citizen and their key, the
token or the officer's account, and each item that is about to be opened. A proof that comes this far is spent whatever
comes of it.

Written by hand, because PostgreSQL takes all of it in one round trip; SQLite runs the same parts one by one.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import orjson

from audit.log import OUTBOX_COLUMNS
from audit.models import OUTBOX
from vault.errors import ReplayedError
from vault.statements import Driver

_SPEND: Final = """INSERT INTO spent_proofs (owner, jti_hash, expires_at)
VALUES (:proof_owner, :proof_hash, :proof_expires_at) ON CONFLICT DO NOTHING"""

_USE: Final = """UPDATE grants SET uses = uses + 1, last_used_at = :now
WHERE citizen_id = :citizen AND grant_id = :grant AND version = :grant_version AND state = 'active'
AND uses < max_uses AND not_before <= :now AND not_after > :now
AND EXISTS (SELECT 1 FROM services WHERE service_id = :service AND version = :service_version)
AND EXISTS (SELECT 1 FROM service_purposes WHERE service_id = :service AND purpose = :purpose)
AND EXISTS (SELECT 1 FROM purposes WHERE slug = :purpose AND version = :purpose_version)
AND EXISTS (SELECT 1 FROM citizens WHERE citizen_id = :citizen AND version = :citizen_version)
AND EXISTS (SELECT 1 FROM citizen_keys WHERE citizen_id = :citizen AND kind = 'audit'
    AND generation = :key_generation AND state = 'active')
AND (SELECT count(*) FROM {seen} JOIN records ON records.citizen_id = :citizen
    AND records.record_id = seen.id AND records.version = seen.version) = :items"""

_SHOWN: Final = """
AND EXISTS (SELECT 1 FROM tokens WHERE citizen_id = :citizen AND token_hash = :token AND expires_at > :now)"""
_SIGNED_IN: Final = """
AND EXISTS (SELECT 1 FROM accounts WHERE account_id = :account AND version = :account_version AND role = 'officer'
    AND service_id = :service AND status = 'active')"""

_IF_CLAIMED: Final = "\nAND EXISTS (SELECT 1 FROM spent)"

_SEEN_SQLITE: Final = """(SELECT json_extract(value, '$[0]') AS id, json_extract(value, '$[1]') AS version
    FROM json_each(:seen)) AS seen"""
_SEEN_POSTGRESQL: Final = "unnest(:seen_ids::uuid[], :seen_versions::bigint[]) AS seen (id, version)"

_COLUMNS: Final = ", ".join(OUTBOX_COLUMNS)
_LEAF: Final = ", ".join(f":{name}" for name in OUTBOX_COLUMNS)
_QUEUE: Final = f"INSERT INTO {OUTBOX.name} ({_COLUMNS}) VALUES ({_LEAF})"  # noqa: S608 -- our own names alone

_ONE_TRIP: Final = """WITH {spent} used AS ({use} RETURNING 1),
queued AS (INSERT INTO {outbox} ({columns}) SELECT {leaf} FROM used RETURNING 1)
SELECT (SELECT count(*) FROM queued), {claimed}"""


@dataclass(frozen=True, slots=True)
class Seen:
    """An item about to be opened, by the driver's own id and the version that was read."""

    record_id: Any
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Write:
    """What is to be written, as the driver takes it."""

    values: Mapping[str, Any]
    seen: tuple[Seen, ...]
    claims: bool
    """Whether a proof is to be spent."""
    officer: bool
    """Whether an officer's account stands in place of a token."""


def on_sqlite(driver: Driver, write: Write) -> bool:
    """
    Run it in the transaction that is open; return whether everything was still as it was read.

    Raises:
        ReplayedError: The proof was shown before.
    """
    if write.claims and driver.execute(_SPEND, write.values).rowcount != 1:
        raise ReplayedError("this proof was shown before")
    seen = orjson.dumps([[item.record_id, item.version] for item in write.seen]).decode()
    values = {**write.values, "seen": seen, "items": len(write.seen)}
    if driver.execute(_USE_SQLITE[write.officer], values).rowcount != 1:
        return False
    driver.execute(_QUEUE, values)
    return True


def on_postgresql(driver: Driver, write: Write) -> bool:
    """As `on_sqlite`, in one statement that commits by itself."""
    values = {
        **write.values,
        "seen_ids": [item.record_id for item in write.seen],
        "seen_versions": [item.version for item in write.seen],
        "items": len(write.seen),
    }
    queued, claimed = driver.execute(_POSTGRESQL[write.officer, write.claims], values, prepare=True).fetchone()
    if not claimed:
        raise ReplayedError("this proof was shown before")
    return bool(queued)


def _one_trip(*, officer: bool, claims: bool) -> str:
    use = _USE.format(seen=_SEEN_POSTGRESQL) + (_SIGNED_IN if officer else _SHOWN)
    text = _ONE_TRIP.format(
        spent=f"spent AS ({_SPEND} RETURNING 1)," if claims else "",
        use=use + (_IF_CLAIMED if claims else ""),
        outbox=OUTBOX.name,
        columns=_COLUMNS,
        leaf=_LEAF,
        claimed="(SELECT count(*) FROM spent)" if claims else "1",
    )
    return re.sub(r"(?<!:):(\w+)", r"%(\1)s", text)


_USE_SQLITE: Final = {
    officer: _USE.format(seen=_SEEN_SQLITE) + (_SIGNED_IN if officer else _SHOWN) for officer in (False, True)
}
_POSTGRESQL: Final = {
    (officer, claims): _one_trip(officer=officer, claims=claims)
    for officer in (False, True)
    for claims in (False, True)
}
