"""What the watchers know people by: keyed marks that are the same every month, and say nothing without the vault's key.

The log's own pseudonyms change monthly, so that nobody follows a person through it. A watcher must know an officer's
habits over some weeks; so it keeps marks of its own, for those weeks alone.
"""

from typing import Final
from uuid import UUID

from vault.crypto.mac import encode_tuple, mac
from vault.keyring import Keyring

MARK_BYTES: Final = 16
_KEY: Final = "watching/1"


def _mark(keyring: Keyring, *parts: str | UUID | int | None) -> bytes:
    return mac(keyring.derived(_KEY), encode_tuple("watched/1", *parts))[:MARK_BYTES]


def officer_mark(keyring: Keyring, *, account: str, service_id: UUID | None, reference: str) -> bytes:
    """Who acted, 16 bytes: an account, or the person whom a service vouches for by a reference of its own."""
    if account:
        return _mark(keyring, "account", account)
    return _mark(keyring, "reference", service_id, reference.strip().casefold())


def team_mark(keyring: Keyring, *, place: UUID | None, team: str) -> bytes:
    """With whom they work, 16 bytes: a team of one service, or of one organisation where there is no service."""
    return _mark(keyring, "team", place, team.strip().casefold())


def person_mark(keyring: Keyring, citizen_id: UUID) -> bytes:
    """Whom it was about, 16 bytes."""
    return _mark(keyring, "person", citizen_id)


def matter_mark(keyring: Keyring, emergency: str) -> bytes:
    """Which emergency it belonged to, 16 bytes."""
    return _mark(keyring, "matter", emergency)


def scope_mark(keyring: Keyring, *, rule: str, officer: bytes, scope: tuple[str, ...]) -> bytes:
    """What makes a suspicion one finding and not two, 16 bytes."""
    return _mark(keyring, "scope", rule, officer.hex(), *scope)


def tie_mark(keyring: Keyring, citizen_id: UUID, kind: str, value: str) -> str:
    """A surname or postcode of one citizen's, 32 hex digits; two citizens who share one do not look alike."""
    return _mark(keyring, "tie", citizen_id, kind, value).hex()
