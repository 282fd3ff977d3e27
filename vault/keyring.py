"""The vault's keys: made, wrapped and opened on top of a key store; nothing here knows a table.

Every wrap is bound to its place (tenant, citizen, kind, generation), and every opened key must have the fingerprint
that its row was marked with.
"""

import hmac
import os
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Final
from uuid import UUID

from vault.crypto.mac import encode_tuple, mac
from vault.crypto.wrap import unwrap, wrap
from vault.errors import KeyDestroyedError, SealBrokenError
from vault.keystores.base import KeyStore, key_id_of

KEY_BYTES: Final = 32
PSEUDONYM_BYTES: Final = 16
CACHE_KEYS: Final = 4096
CACHE_SECONDS: Final = 60.0
INDEX_VERSION: Final = 1


@dataclass(frozen=True, slots=True)
class WrappedKey:
    """A key as a row holds it: the wrap (65 bytes) and the fingerprint of what it must open to (32 bytes)."""

    blob: bytes
    fingerprint: bytes


@dataclass(slots=True)
class _Cache:
    """Unwrapped keys, few and briefly.

    An entry is found by the wrap itself, its place, fingerprint and parent, so it never outlives the row read now.
    """

    now: Callable[[], float]
    held: "OrderedDict[_Name, tuple[float, bytes]]" = field(default_factory=OrderedDict)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def get(self, name: "_Name") -> bytes | None:
        with self.lock:
            found = self.held.get(name)
            if found is None or found[0] < self.now():
                self.held.pop(name, None)
                return None
            self.held.move_to_end(name)
            return found[1]

    def put(self, name: "_Name", key: bytes) -> None:
        with self.lock:
            self.held[name] = (self.now() + CACHE_SECONDS, key)
            while len(self.held) > CACHE_KEYS:
                self.held.popitem(last=False)

    def clear(self) -> None:
        with self.lock:
            self.held.clear()


class Keyring:
    """
    The keys of one council's vault.

    Args:
        store: Holds the root key.
        tenant: The council's short name, bound into every wrap and seal.
        now: A monotonic clock in seconds, for the cache alone.

    Raises:
        ValueError: The tenant's name is empty or holds a slash.
    """

    def __init__(self, store: KeyStore, tenant: str, now: Callable[[], float] = time.monotonic) -> None:
        if not tenant or "/" in tenant:
            raise ValueError("a tenant has a name without a slash")
        self.store = store
        self.tenant = tenant
        self._cache = _Cache(now)
        self._derived: dict[str, bytes] = {}

    def derived(self, label: str) -> bytes:
        """A secret of the vault's own for *label*, 32 bytes; survives every rotation of the root key."""
        if label not in self._derived:
            self._derived[label] = self.store.derive(f"{self.tenant}/{label}")
        return self._derived[label]

    def row_mac_key(self) -> bytes:
        """The key of the rows' marks, 32 bytes."""
        return self.derived("row-mac")

    def reference_key(self) -> bytes:
        """The key by which the log refers to rows, 32 bytes."""
        return self.derived("reference")

    def writer_key(self, writer_id: str) -> bytes:
        """The key under which one log writer marks its leaves, 32 bytes."""
        return mac(self.derived("writer"), encode_tuple("writer/1", writer_id))

    def blind_index(self, column: str, value: str) -> bytes:
        """The blind index of a normalised *value*, 32 bytes: HMAC-SHA256 under a key of the column."""
        return mac(self.derived(f"index/{INDEX_VERSION}/{column}"), encode_tuple("index/1", column, value))

    def pseudonym(self, audit_key: bytes, month: str) -> bytes:
        """The name under which one month's leaves know a citizen, 16 bytes.

        HMAC-SHA256 of ``YYYY-MM`` under their audit key.
        """
        return mac(audit_key, encode_tuple("pseudonym/1", month))[:PSEUDONYM_BYTES]

    def new_citizen_key(self, citizen_id: UUID, kind: str, generation: int) -> WrappedKey:
        """Make a citizen's key of *kind* (``record``, ``audit``), wrapped under the root key."""
        return self._make(self._citizen_context(citizen_id, kind, generation))

    def open_citizen_key(self, citizen_id: UUID, kind: str, generation: int, wrapped: WrappedKey) -> bytes:
        """
        Open a citizen's key, 32 bytes.

        Raises:
            SealBrokenError: The wrap was changed, moved, or is an older one put back.
            KeyDestroyedError: It was destroyed.
        """
        return self._open(self._citizen_context(citizen_id, kind, generation), wrapped)

    def new_house_key(self, name: str, generation: int) -> WrappedKey:
        """Make a key of the council's own (``house``, ``month:2026-11``), wrapped under the root key."""
        return self._make(self._house_context(name, generation))

    def open_house_key(self, name: str, generation: int, wrapped: WrappedKey) -> bytes:
        """Open a key of the council's own, 32 bytes; raises like `open_citizen_key`."""
        return self._open(self._house_context(name, generation), wrapped)

    def rewrap_citizen_key(self, citizen_id: UUID, kind: str, generation: int, blob: bytes) -> bytes:
        """A citizen's wrapped key under the newest root key; raises like `open_citizen_key`."""
        return self.store.rewrap(blob, self._citizen_context(citizen_id, kind, generation))

    def rewrap_house_key(self, name: str, generation: int, blob: bytes) -> bytes:
        """A wrapped key of the council's own under the newest root key; raises like `open_citizen_key`."""
        return self.store.rewrap(blob, self._house_context(name, generation))

    def new_category_key(self, citizen_key: bytes, citizen_id: UUID, category: str, epoch: int) -> WrappedKey:
        """Make the key of one category and epoch, wrapped under the citizen's key."""
        key = os.urandom(KEY_BYTES)
        context = self._category_context(citizen_id, category, epoch)
        return WrappedKey(wrap(citizen_key, key, key_id=epoch, context=context), _fingerprint(key, context))

    def open_category_key(
        self, citizen_key: bytes, citizen_id: UUID, category: str, epoch: int, wrapped: WrappedKey
    ) -> bytes:
        """Open the key of one category and epoch, 32 bytes; raises like `open_citizen_key`."""
        context = self._category_context(citizen_id, category, epoch)
        return self._cached(context, wrapped, lambda: unwrap(citizen_key, wrapped.blob, context=context), citizen_key)

    def destroy_citizen_key(self, citizen_id: UUID, kind: str, generation: int) -> None:
        """Refuse a citizen's key for ever, here and in every restored back-up; durable when this returns."""
        self.store.entomb(key_id_of(self._citizen_context(citizen_id, kind, generation)))
        self._cache.clear()

    def destroy_house_key(self, name: str, generation: int) -> None:
        """Refuse a key of the council's own for ever; durable when this returns."""
        self.store.entomb(key_id_of(self._house_context(name, generation)))
        self._cache.clear()

    def _make(self, context: bytes) -> WrappedKey:
        key = os.urandom(KEY_BYTES)
        return WrappedKey(self.store.wrap(key, context), _fingerprint(key, context))

    def _open(self, context: bytes, wrapped: WrappedKey) -> bytes:
        # INVARIANT: asked before the cache, so that a key destroyed by another process is refused at once here too.
        if self.store.is_entombed(_key_id(context)):
            raise KeyDestroyedError("this key was destroyed; what it sealed cannot be read again")
        return self._cached(context, wrapped, lambda: self.store.unwrap(wrapped.blob, context), b"")

    def _cached(self, context: bytes, wrapped: WrappedKey, opener: Callable[[], bytes], parent: bytes) -> bytes:
        name = (context, wrapped.blob, wrapped.fingerprint, parent)
        held = self._cache.get(name)
        if held is None:
            held = opener()
            if not hmac.compare_digest(_fingerprint(held, context), wrapped.fingerprint):
                raise SealBrokenError("unwrapping a key: it is not the one that its row names")
            self._cache.put(name, held)
        return held

    def _citizen_context(self, citizen_id: UUID, kind: str, generation: int) -> bytes:
        return _context("citizen-key/1", self.tenant, citizen_id, kind, generation)

    def _house_context(self, name: str, generation: int) -> bytes:
        return _context("house-key/1", self.tenant, name, generation)

    def _category_context(self, citizen_id: UUID, category: str, epoch: int) -> bytes:
        return _context("category-key/1", self.tenant, citizen_id, category, epoch)


_Name = tuple[bytes, bytes, bytes, bytes]
_context: Final = lru_cache(maxsize=CACHE_KEYS, typed=True)(encode_tuple)
_key_id: Final = lru_cache(maxsize=CACHE_KEYS, typed=True)(key_id_of)
"""Neither is a secret: places and the ids of keys."""


def _fingerprint(key: bytes, context: bytes) -> bytes:
    """Which key this is, without saying anything of it: HMAC-SHA256 under the key itself, 32 bytes."""
    return mac(key, encode_tuple("fingerprint/1", context))
