"""JOSE: the published examples verify where their algorithm is taken, and nowhere else."""

import json
from pathlib import Path
from typing import Any

import pytest

from web.api import jose
from web.api.jose import SignatureRefusedError

pytestmark = pytest.mark.realdata


def example(shared_data: Path, name: str) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((shared_data / "crypto" / "jose-cookbook" / name).read_text())
    return loaded


def test_the_ed25519_example_of_rfc_8037_verifies(shared_data: Path) -> None:
    given = example(shared_data, "curve25519/jws.json")
    key = {name: value for name, value in given["input"]["key"].items() if name != "d"}
    opened = jose.opened(given["output"]["compact"], jose.public_key(key))
    assert opened.decode() == given["input"]["payload"]


@pytest.mark.parametrize("position", [0, 25, -1])
def test_the_ed25519_example_breaks_wherever_it_is_touched(shared_data: Path, position: int) -> None:
    given = example(shared_data, "curve25519/jws.json")
    key = {name: value for name, value in given["input"]["key"].items() if name != "d"}
    touched = list(given["output"]["compact"])
    touched[position] = "A" if touched[position] != "A" else "B"
    with pytest.raises(SignatureRefusedError):
        jose.opened("".join(touched), jose.public_key(key))


@pytest.mark.parametrize(
    "name",
    ["4_1.rsa_v15_signature", "4_2.rsa-pss_signature", "4_3.ecdsa_signature", "4_4.hmac-sha2_integrity_protection"],
)
def test_examples_of_other_algorithms_are_refused(shared_data: Path, name: str) -> None:
    with pytest.raises(SignatureRefusedError, match="algorithm"):
        jose.read_header(example(shared_data, f"jws/{name}.json")["output"]["compact"])


@pytest.mark.parametrize("name", ["3_2.ec_private_key", "3_4.rsa_private_key", "3_5.symmetric_key_mac_computation"])
def test_private_and_symmetric_keys_are_no_public_keys(shared_data: Path, name: str) -> None:
    key = json.loads((shared_data / "crypto" / "jose-cookbook" / "jwk" / f"{name}.json").read_text())
    with pytest.raises(SignatureRefusedError, match="not a public key"):
        jose.public_key(key)


def test_the_rsa_example_key_is_taken_and_the_p_521_one_is_not(shared_data: Path) -> None:
    folder = shared_data / "crypto" / "jose-cookbook" / "jwk"
    assert jose.public_key(json.loads((folder / "3_3.rsa_public_key.json").read_text())).key_type == "RSA"
    with pytest.raises(SignatureRefusedError):
        jose.public_key(json.loads((folder / "3_1.ec_public_key.json").read_text()))
