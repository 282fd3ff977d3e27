"""The published vectors of Wycheproof, run through the very functions that seals, wraps and derived keys use."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from vault.crypto.aead import aead_close, aead_open
from vault.crypto.kdf import hkdf_sha256
from vault.crypto.mac import mac, mac_matches
from vault.errors import SealBrokenError

pytestmark = pytest.mark.realdata


def cases(shared_data: Path, name: str) -> Iterator[tuple[dict[str, Any], dict[str, Any]]]:
    """Each group's facts with each of its cases."""
    whole = json.loads((shared_data / "crypto" / "wycheproof" / f"{name}.json").read_text())
    for group in whole["testGroups"]:
        for case in group["tests"]:
            yield group, case


def unhex(case: dict[str, Any], *names: str) -> list[bytes]:
    return [bytes.fromhex(case[name]) for name in names]


def is_our_size(group: dict[str, Any]) -> bool:
    return (group["keySize"], group["ivSize"], group["tagSize"]) == (256, 96, 128)


def test_every_aes_gcm_vector_of_our_sizes_comes_out_as_published(shared_data: Path) -> None:
    seen = {"valid": 0, "invalid": 0}
    for group, case in cases(shared_data, "aes_gcm_test"):
        if not is_our_size(group):
            continue
        key, nonce, associated, message, body, tag = unhex(case, "key", "iv", "aad", "msg", "ct", "tag")
        seen[case["result"]] += 1
        if case["result"] == "valid":
            assert aead_close(key, nonce, message, associated=associated) == body + tag, case["tcId"]
            assert aead_open(key, nonce, body + tag, associated=associated) == message, case["tcId"]
        else:
            with pytest.raises(SealBrokenError):
                aead_open(key, nonce, body + tag, associated=associated)
    assert seen["valid"] > 30
    assert seen["invalid"] > 10


def test_keys_and_nonces_of_any_other_size_are_refused(shared_data: Path) -> None:
    others = 0
    for group, case in cases(shared_data, "aes_gcm_test"):
        if is_our_size(group) or group["tagSize"] != 128:
            continue
        key, nonce, associated, body, tag = unhex(case, "key", "iv", "aad", "ct", "tag")
        others += 1
        with pytest.raises(ValueError, match="has"):
            aead_open(key, nonce, body + tag, associated=associated)
    assert others > 100


def test_every_hkdf_vector_comes_out_as_published(shared_data: Path) -> None:
    seen = {"valid": 0, "invalid": 0}
    for _, case in cases(shared_data, "hkdf_sha256_test"):
        secret, salt, info = unhex(case, "ikm", "salt", "info")
        seen[case["result"]] += 1
        if case["result"] == "valid":
            made = hkdf_sha256(secret, salt=salt, info=info, length=case["size"])
            assert made == bytes.fromhex(case["okm"]), case["tcId"]
        else:
            with pytest.raises(ValueError, match=r"(?i)length|large"):
                hkdf_sha256(secret, salt=salt, info=info, length=case["size"])
    assert seen == {"valid": 83, "invalid": 3}


def test_every_hmac_vector_of_whole_marks_comes_out_as_published(shared_data: Path) -> None:
    seen = {"valid": 0, "invalid": 0}
    for group, case in cases(shared_data, "hmac_sha256_test"):
        if group["tagSize"] != 256:
            continue
        key, message, mark = unhex(case, "key", "msg", "tag")
        seen[case["result"]] += 1
        assert mac_matches(key, message, mark) is (case["result"] == "valid"), case["tcId"]
        assert (mac(key, message) == mark) is (case["result"] == "valid"), case["tcId"]
    assert min(seen.values()) > 30


def test_a_shortened_mark_never_matches(shared_data: Path) -> None:
    for group, case in cases(shared_data, "hmac_sha256_test"):
        if group["tagSize"] < 256:
            key, message, mark = unhex(case, "key", "msg", "tag")
            assert not mac_matches(key, message, mark), case["tcId"]
