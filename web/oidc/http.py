"""Asking an identity provider: short waits, no redirects, small answers, and only addresses that were configured."""

import time
from collections.abc import Mapping
from threading import Lock
from typing import Any, Final

import urllib3
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from urllib3.exceptions import HTTPError

from web.faults import MalformedRequestError, ProviderFailedError
from web.schemas import strict_json

WAIT: Final = urllib3.Timeout(connect=3.0, read=5.0)  # seconds
MOST: Final = 256 * 1024  # bytes of an answer
KEYS_SECONDS: Final = 600.0
KEYS_AGAIN_SECONDS: Final = 30.0
"""How soon keys are fetched again for a key id that is not among them."""
_OK: Final = 200

_HEADERS: Final = {"User-Agent": "citizen-vault", "Accept": "application/json"}
_pool: Final = urllib3.PoolManager(num_pools=8, maxsize=4, retries=False, timeout=WAIT, headers=_HEADERS)


def send_form(address: str, form: Mapping[str, str]) -> dict[str, Any]:
    """
    Post *form* and return the JSON object that is answered.

    Raises:
        ProviderFailedError: It did not answer in time, or not with a small JSON object and status 200.
    """
    return _object(_ask("POST", address, fields=dict(form), encode_multipart=False))


def fetch(address: str, *, token: str = "") -> dict[str, Any]:
    """
    Get the JSON object at *address*, with the access token *token* if one is given.

    Raises:
        ProviderFailedError: As `send_form`.
    """
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return _object(_ask("GET", address, headers={**_HEADERS, **headers}))


def _ask(method: str, address: str, **more: Any) -> bytes:  # noqa: ANN401 -- urllib3's own
    try:
        answer = _pool.request(method, address, redirect=False, preload_content=False, **more)
        try:
            body: bytes = answer.read(MOST + 1, decode_content=True)
        finally:
            answer.release_conn()
    except HTTPError as error:
        raise ProviderFailedError("the identity provider did not answer") from error
    if answer.status != _OK or len(body) > MOST:
        raise ProviderFailedError(f"the identity provider answered with status {answer.status}")
    return body


def _object(body: bytes) -> dict[str, Any]:
    try:
        found = strict_json.parse(body, most_bytes=MOST)
    except MalformedRequestError as error:
        raise ProviderFailedError("the identity provider's answer is not JSON") from error
    if not isinstance(found, dict):
        raise ProviderFailedError("the identity provider's answer is not a JSON object")
    return found


class Keys:
    """The providers' public keys, kept for ten minutes; a new key id is looked for at most twice a minute."""

    def __init__(self) -> None:
        self._held: dict[str, tuple[float, KeySet]] = {}
        self._lock = Lock()

    def of(self, address: str, key_id: str) -> KeySet:
        """
        The keys at *address*, fetched again where they are old or *key_id* is not among them.

        Raises:
            ProviderFailedError: They cannot be had.
        """
        now = time.monotonic()
        with self._lock:
            fetched, keys = self._held.get(address, (-KEYS_SECONDS, None))
        age = now - fetched
        if keys is None or age > KEYS_SECONDS or (age > KEYS_AGAIN_SECONDS and not _has(keys, key_id)):
            keys = _keys(address)
            with self._lock:
                self._held[address] = (now, keys)
        return keys


def _has(keys: KeySet, key_id: str) -> bool:
    return any(key.kid == key_id for key in keys.keys)


def _keys(address: str) -> KeySet:
    given = fetch(address)
    usable = [key for key in given.get("keys", []) if isinstance(key, dict) and key.get("kty") in {"EC", "RSA"}]
    try:
        return KeySet.import_key_set({"keys": usable})
    except (JoseError, ValueError, TypeError, KeyError) as error:
        raise ProviderFailedError("the identity provider's keys cannot be read") from error
