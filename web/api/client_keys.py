"""A service's public keys: by value from the registry, or fetched where it registered (``jwks_uri``, RFC 7591).

Fetched keys are kept for five minutes. A signature that none of them verifies has them fetched again, at most twice a
minute, so that a service can change its key without telling anybody; while its address does not answer, the last keys
count for an hour.
"""

import time
from collections.abc import Callable, Mapping
from threading import Lock
from typing import Any, Final, Protocol

from joserfc.jwk import KeySet

from vault.registry import check_keys
from web.api import jose
from web.faults import MalformedRequestError
from web.outgoing_http import AddressRefusedError, NoAnswerError, OutgoingHttp
from web.schemas import strict_json

KEPT_SECONDS: Final = 300.0
AGAIN_SECONDS: Final = 30.0
STALE_SECONDS: Final = 3600.0
MOST: Final = 64 * 1024  # bytes of a key set
MOST_KEPT: Final = 1000  # addresses
_OK: Final = 200

Fetch = Callable[[str], Mapping[str, Any]]


class Keyed(Protocol):
    """Whose keys are meant."""

    @property
    def jwks(self) -> Mapping[str, Any]:
        """Its registered key set."""

    @property
    def jwks_uri(self) -> str | None:
        """Where its keys are fetched; empty where those registered count."""


def fetcher(outgoing: OutgoingHttp) -> Fetch:
    """A function that fetches a key set; raises `jose.SignatureRefusedError` where there is none to be had."""

    def fetch(address: str) -> Mapping[str, Any]:
        try:
            answer = outgoing.call("GET", address, headers={"Accept": "application/jwk-set+json"}, most=MOST)
            found = strict_json.parse(answer.body, most_bytes=MOST) if answer.status == _OK else None
        except (AddressRefusedError, NoAnswerError, MalformedRequestError) as error:
            raise jose.SignatureRefusedError("the keys cannot be fetched") from error
        if not isinstance(found, dict) or check_keys(found):
            raise jose.SignatureRefusedError("what is fetched is not a set of public keys")
        return found

    return fetch


class ClientKeys:
    """The keys of all services, as one process knows them."""

    def __init__(self, fetch: Fetch, clock: Callable[[], float] = time.monotonic) -> None:
        """Fetch with *fetch*; *clock* counts seconds."""
        self._fetch, self._clock = fetch, clock
        self._held: dict[str, tuple[float, float, KeySet]] = {}
        """By address: when the keys were fetched, when that was last tried, and the keys."""
        self._lock = Lock()

    def verified(self, owner: Keyed, token: str) -> dict[str, Any]:
        """
        The claims of *token*, once its signature verifies under a key of *owner*.

        Raises:
            SignatureRefusedError: It does not, or no key can be had.
        """
        if owner.jwks_uri is None:
            return jose.verified(token, jose.key_set(owner.jwks))
        try:
            return jose.verified(token, self._of(owner.jwks_uri, older=KEPT_SECONDS))
        except jose.SignatureRefusedError:
            return jose.verified(token, self._of(owner.jwks_uri, older=AGAIN_SECONDS))

    def _of(self, address: str, *, older: float) -> KeySet:
        """The keys at *address*, fetched where the ones known are *older* than so many seconds."""
        now = self._clock()
        with self._lock:
            fetched, tried, keys = self._held.get(address, (now - STALE_SECONDS, now - STALE_SECONDS, None))
            if keys is not None and now - fetched <= older:
                return keys
            lasting = keys if now - fetched < STALE_SECONDS else None
            if now - tried < AGAIN_SECONDS:
                return _usable(lasting)
            self._remember(address, fetched, now, keys or KeySet([]))
        try:
            fresh = jose.key_set(self._fetch(address))
        except jose.SignatureRefusedError:
            return _usable(lasting)
        with self._lock:
            self._remember(address, now, now, fresh)
        return fresh

    def _remember(self, address: str, fetched: float, tried: float, keys: KeySet) -> None:
        if address not in self._held and len(self._held) >= MOST_KEPT:
            self._held.clear()
        self._held[address] = (fetched, tried, keys)


def _usable(keys: KeySet | None) -> KeySet:
    if keys is None or not keys.keys:
        raise jose.SignatureRefusedError("no key of this service can be had now")
    return keys
