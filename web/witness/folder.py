"""The folder of a witness: ``witness.json`` (its name and the logs it watches), ``keys/`` and ``witness.db``."""

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final

import orjson

from audit.checkpoint import is_origin, read_verifier_key, verifier_key
from audit.cosignature import Cosigner, Kind
from audit.errors import CheckpointInvalidError
from audit.signer import replace_durably
from audit.witness import Witness, open_memory
from vault.keystores import create_store, lattice_key, open_store
from vault.keystores.base import KeyStore
from web.faults import SettingError

SETTINGS: Final = "witness.json"
ED25519: Final = "ed25519"
ML_DSA_44: Final = "ml-dsa-44"
ALGORITHMS: Final = (ED25519, ML_DSA_44)
_LATTICE: Final = "citizen-vault/witness/ml-dsa-44/1"
KEY: Final = "log"  # the signing key of a store that vouches for heads


def make(folder: Path, *, name: str, algorithm: str = ED25519) -> Cosigner:
    """
    Make a witness called *name* in a new folder, with a key of its own for *algorithm*, one of `ALGORITHMS`.

    Raises:
        SettingError: The name cannot name a key, or there is a witness in the folder already.
    """
    if not is_origin(name):
        raise SettingError("a witness is called by an address without a scheme, such as `witness.example.org/w1`")
    if (folder / SETTINGS).exists():
        raise SettingError(f"there is a witness in `{folder}` already")
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    store = create_store(_store(folder))
    settings = {"name": name, "logs": [], "algorithm": algorithm}
    _write(folder, settings)
    return _signer(settings, store)[0]


def watch(folder: Path, log: str) -> str:
    """
    Watch the log with the verifier key *log* from now on; return its origin. Again is no error.

    A log that was closed by a declared recovery goes on under another origin and is added anew.

    Raises:
        SettingError: There is no witness in the folder, or *log* is not the key of a log.
    """
    settings = _read(folder)
    try:
        origin, key = read_verifier_key(log)
    except CheckpointInvalidError as error:
        raise SettingError("that is not the verifier key of a log; `citizen-vault audit key` prints it") from error
    known = verifier_key(origin, key)
    _write(folder, {**settings, "logs": [*(each for each in settings["logs"] if each != known), known]})
    return origin


def opened(folder: Path) -> Witness:
    """
    The witness in *folder*, ready to cosign.

    Raises:
        SettingError: There is none.
        KeyStoreError: Its key store is missing or damaged.
    """
    settings, store = _read(folder), open_store(_store(folder))
    cosigner, sign = _signer(settings, store)
    return Witness(
        cosigner=cosigner,
        sign=sign,
        logs=_logs(settings["logs"]),
        engine=open_memory(folder / "witness.db"),
    )


def _signer(settings: Mapping[str, Any], store: KeyStore) -> tuple[Cosigner, Callable[[bytes], bytes]]:
    if settings.get("algorithm", ED25519) == ML_DSA_44:  # a witness that was made before there was a choice has none
        key = lattice_key(store, _LATTICE)
        return Cosigner(settings["name"], key.public, Kind.ML_DSA_44), key.sign
    return Cosigner(settings["name"], store.public_key(KEY)), partial(store.sign, KEY)


def _logs(written: list[str]) -> Mapping[str, tuple[bytes, ...]]:
    logs: dict[str, tuple[bytes, ...]] = {}
    for line in written:
        origin, key = read_verifier_key(line)
        logs[origin] = (*logs.get(origin, ()), key)
    return logs


def _store(folder: Path) -> str:
    return f"file:{(folder / 'keys').absolute()}"


def _read(folder: Path) -> dict[str, Any]:
    try:
        held: dict[str, Any] = orjson.loads((folder / SETTINGS).read_bytes())
    except FileNotFoundError as error:
        raise SettingError(f"there is no witness in `{folder}`; `citizen-vault witness init` makes one") from error
    except orjson.JSONDecodeError as error:
        raise SettingError(f"`{folder / SETTINGS}` is damaged; put it back from its back-up") from error
    return held


def _write(folder: Path, settings: Mapping[str, Any]) -> None:
    replace_durably(folder / SETTINGS, orjson.dumps(dict(settings), option=orjson.OPT_INDENT_2))
