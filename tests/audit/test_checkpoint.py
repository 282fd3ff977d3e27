import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from tlog_scales.signing import Vkey
from tlog_scales.tlog import Checkpoint as OthersCheckpoint

from audit.checkpoint import Checkpoint, key_id, open_checkpoint, sign_checkpoint, verifier_key
from audit.errors import CheckpointInvalidError, ReceiptInvalidError
from audit.receipts import Receipt, sign_receipt, verify_receipt

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "audit.json").read_text(encoding="utf-8"))
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))
HEAD = Checkpoint("council.example/log", 20_852_163, bytes(range(32)))
NOTE = sign_checkpoint(HEAD, sign=KEY.sign, public_key=PUBLIC)


def test_the_bytes_of_a_checkpoint_never_change() -> None:
    assert VECTORS["checkpoint"] == NOTE
    assert open_checkpoint(VECTORS["checkpoint"], public_keys=[PUBLIC]) == HEAD
    assert verifier_key(HEAD.origin, PUBLIC) == VECTORS["verifier_key"]


def test_a_verifier_by_others_reads_the_checkpoint() -> None:
    theirs = OthersCheckpoint.from_text(NOTE)
    theirs.verify(Vkey.from_string(verifier_key(HEAD.origin, PUBLIC)))
    assert (theirs.origin, theirs.size, theirs.root_hash) == (HEAD.origin, HEAD.size, HEAD.root)
    assert Vkey(HEAD.origin, None, 1, PUBLIC).key_id.to_bytes(4) == key_id(HEAD.origin, PUBLIC)


def test_a_checkpoint_breaks_wherever_it_is_touched() -> None:
    for at in range(len(NOTE)):
        for put in ("", "A", "\n", NOTE[at] * 2):
            touched = NOTE[:at] + put + NOTE[at + 1 :]
            if touched == NOTE:
                continue
            with pytest.raises(CheckpointInvalidError):
                open_checkpoint(touched, public_keys=[PUBLIC])


def test_a_checkpoint_counts_only_under_a_known_key_and_name() -> None:
    with pytest.raises(CheckpointInvalidError):
        open_checkpoint(NOTE, public_keys=[OTHER.public_key().public_bytes_raw()])
    with pytest.raises(CheckpointInvalidError):
        open_checkpoint(NOTE, public_keys=[])
    with pytest.raises(CheckpointInvalidError):
        open_checkpoint(NOTE, public_keys=[PUBLIC], origin="another.example/log")


def test_signatures_of_witnesses_are_passed_over() -> None:
    stranger = base64.b64encode(b"abcd" + bytes(72)).decode()
    assert open_checkpoint(f"{NOTE}— witness.example {stranger}\n", public_keys=[PUBLIC]) == HEAD


def test_a_bad_signature_of_a_known_key_spoils_the_note() -> None:
    bad = base64.b64encode(key_id(HEAD.origin, PUBLIC) + bytes(64)).decode()
    with pytest.raises(CheckpointInvalidError):
        open_checkpoint(f"{NOTE}— {HEAD.origin} {bad}\n", public_keys=[PUBLIC])


def test_both_halves_of_a_key_change_are_read() -> None:
    public = OTHER.public_key().public_bytes_raw()
    second = base64.b64encode(key_id(HEAD.origin, public) + OTHER.sign(HEAD.text.encode())).decode()
    both = f"{NOTE}— {HEAD.origin} {second}\n"
    for keys in ([PUBLIC], [public], [PUBLIC, public]):
        assert open_checkpoint(both, public_keys=keys) == HEAD


@pytest.mark.parametrize("origin", ["", "two words", "a+b", "tab\tbed"])
def test_a_name_that_no_key_can_have_is_not_signed(origin: str) -> None:
    with pytest.raises(CheckpointInvalidError):
        sign_checkpoint(Checkpoint(origin, 0, bytes(32)), sign=KEY.sign, public_key=PUBLIC)


RECEIPT = sign_receipt(KEY.sign, HEAD.origin, bytes(range(32)), 1_790_000_000_000_000)


def test_the_bytes_of_a_receipt_never_change() -> None:
    assert VECTORS["receipt"] == RECEIPT
    assert RECEIPT.isascii()
    assert "\n" not in RECEIPT
    assert verify_receipt(RECEIPT, PUBLIC) == Receipt(HEAD.origin, bytes(range(32)), 1_790_000_000_000_000)


def test_a_receipt_breaks_wherever_it_is_touched() -> None:
    for at in range(len(RECEIPT)):
        for put in ("", "A", " ", "1"):
            touched = RECEIPT[:at] + put + RECEIPT[at + 1 :]
            if touched == RECEIPT or (RECEIPT[at:] in {"=", "=="}):
                continue
            if _same_signature(touched):
                continue
            with pytest.raises(ReceiptInvalidError):
                verify_receipt(touched, PUBLIC)


def test_a_receipt_counts_only_under_its_key() -> None:
    with pytest.raises(ReceiptInvalidError):
        verify_receipt(RECEIPT, OTHER.public_key().public_bytes_raw())


def _same_signature(touched: str) -> bool:
    """Whether *touched* differs only in bits of base64 that no byte holds."""
    promise, _, encoded = touched.rpartition(" ")
    try:
        same = base64.b64decode(encoded, validate=True) == base64.b64decode(RECEIPT.rpartition(" ")[2])
    except ValueError:
        return False
    return same and promise == RECEIPT.rpartition(" ")[0]
