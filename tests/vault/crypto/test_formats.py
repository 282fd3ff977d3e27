"""The byte formats are frozen: what was sealed, wrapped and marked yesterday opens tomorrow, byte for byte."""

import json
import os
from datetime import date, datetime
from pathlib import Path
from typing import Any, Final
from uuid import UUID

import pytest

from vault.crypto.kdf import derive, fingerprint
from vault.crypto.mac import Part, encode_tuple
from vault.crypto.seal import Place, seal, unseal
from vault.crypto.wrap import unwrap, wrap

Vectors = dict[str, Any]

_FROM_JSON: Final[dict[str, Any]] = {
    "str": str,
    "int": int,
    "bool": bool,
    "bytes": bytes.fromhex,
    "uuid": UUID,
    "datetime": datetime.fromisoformat,
    "date": date.fromisoformat,
    "none": lambda _: None,
}


@pytest.fixture(scope="module")
def vectors(root: Path) -> Vectors:
    """The frozen answers; the file says how they were made."""
    read: Vectors = json.loads((root / "tests" / "vectors" / "keys.json").read_text(encoding="utf-8"))
    return read


def place_of(plain: Vectors) -> Place:
    return Place(**{**plain, "citizen": UUID(plain["citizen"]), "record": UUID(plain["record"])})


def part_of(written: list[Any]) -> Part:
    kind, value = written
    part: Part = _FROM_JSON[kind](value)
    return part


def fix_nonce(monkeypatch: pytest.MonkeyPatch, nonce: str) -> None:
    monkeypatch.setattr(os, "urandom", lambda count: bytes.fromhex(nonce)[:count])


def test_tuples_are_encoded_as_frozen(vectors: Vectors) -> None:
    for case in vectors["tuples"]:
        assert encode_tuple(*map(part_of, case["parts"])).hex() == case["encoded"], case["what"]


def test_seals_are_made_and_opened_as_frozen(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in vectors["seals"]:
        key, value, place = bytes.fromhex(case["category_key"]), bytes.fromhex(case["value"]), place_of(case["place"])
        assert place.encode().hex() == case["place_encoded"]
        assert unseal(key, bytes.fromhex(case["sealed"]), place=place) == value
        fix_nonce(monkeypatch, case["nonce"])
        assert seal(key, value, place=place).hex() == case["sealed"]


def test_wraps_are_made_and_opened_as_frozen(vectors: Vectors, monkeypatch: pytest.MonkeyPatch) -> None:
    for case in vectors["wraps"]:
        root, key, context = (bytes.fromhex(case[name]) for name in ("wrapping_key", "key", "context"))
        assert unwrap(root, bytes.fromhex(case["wrapped"]), context=context) == key
        fix_nonce(monkeypatch, case["nonce"])
        assert wrap(root, key, key_id=case["key_id"], context=context).hex() == case["wrapped"]


def test_derived_keys_and_fingerprints_are_as_frozen(vectors: Vectors) -> None:
    for case in vectors["derived"]:
        made = derive(bytes.fromhex(case["secret"]), case["label"], *map(part_of, case["parts"]), length=case["length"])
        assert made.hex() == case["key"]
    for case in vectors["fingerprints"]:
        assert fingerprint(bytes.fromhex(case["key"])).hex() == case["fingerprint"]
