"""The exported log and its proofs, read by a verifier that others wrote (PyPI tlog-scales)."""

import random
from pathlib import Path

import pytest
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey

from audit import read
from audit.checkpoint import verifier_key
from audit.entry import leaf_hash
from audit.errors import CheckpointInvalidError, CheckpointNotFoundError, EntryNotFoundError, ProofInvalidError
from audit.proof import read_proof, verify_proof
from audit.verify import verify_directory
from tests.log_world import ORIGIN, LogWorld


@pytest.fixture
def exported(sqlite_log: LogWorld) -> Path:
    """A log of 600 entries: two full tiles, a partial one, and one above them."""
    for _ in range(6):
        sqlite_log.write(100)
    sqlite_log.sequence()
    return sqlite_log.exported() / "0"


def test_others_read_the_tiles_and_the_checkpoint(sqlite_log: LogWorld, exported: Path) -> None:
    reader = TilesReader(LocalBackend(exported))
    head = reader.get_checkpoint()
    head.verify(Vkey.from_string(verifier_key(ORIGIN, sqlite_log.public_key)))
    assert head.size == 601
    assert reader.calculate_root_hash() == head.root_hash


def test_others_prove_every_kind_of_place(exported: Path) -> None:
    reader = TilesReader(LocalBackend(exported))
    head = reader.get_checkpoint()
    for index in (0, 1, 255, 256, 511, 512, 599, 600):
        proof = reader.get_inclusion_proof(index, head.size)
        proof.check(leaf_hash(reader.get_entry(index)), head.root_hash)
    for old in (1, 255, 256, 300, 600):
        proof_of_growth = reader.get_consistency_proof(old, head.size)
        proof_of_growth.check(reader.mth(0, old), head.root_hash)


def test_our_proofs_are_theirs(sqlite_log: LogWorld, exported: Path) -> None:
    reader = TilesReader(LocalBackend(exported))
    size = reader.get_checkpoint().size
    with sqlite_log.database.read.connect() as connection:
        for index in (0, 255, 256, 512, 600):
            hashed = leaf_hash(reader.get_entry(index))
            ours = read.proof(connection, hashed)
            assert list(ours.hashes) == reader.get_inclusion_proof(index, size).node_hashes


def test_a_proof_file_needs_nothing_but_the_leaf_and_the_key(log: LogWorld) -> None:
    hashes = log.write(20)
    log.sequence()
    with log.database.read.connect() as connection:
        proofs = {held: read.tlog_proof(connection, held) for held in hashes}
        assert read.entry(connection, hashes[0]).position is not None
    for held, proof in proofs.items():
        assert verify_proof(proof, leaf_hash=held, public_keys=[log.public_key], origin=ORIGIN).size == 21
        assert read_proof(proof, leaf_hash=held).text == proof
        with pytest.raises(ProofInvalidError):
            verify_proof(proof, leaf_hash=bytes(32), public_keys=[log.public_key])
    one, other = list(proofs)[:2]
    with pytest.raises(ProofInvalidError):
        verify_proof(proofs[one], leaf_hash=other, public_keys=[log.public_key])


def test_a_proof_file_breaks_wherever_it_is_touched(sqlite_log: LogWorld) -> None:
    (held, *_) = sqlite_log.write(5)
    sqlite_log.sequence()
    with sqlite_log.database.read.connect() as connection:
        proof = read.tlog_proof(connection, held)
    for at in range(len(proof)):
        touched = proof[:at] + ("A" if proof[at] != "A" else "B") + proof[at + 1 :]
        with pytest.raises((ProofInvalidError, CheckpointInvalidError)):
            verify_proof(touched, leaf_hash=held, public_keys=[sqlite_log.public_key])
    extra = proof.replace("\nindex", "\nextra b3V0c2lkZQ==\nindex")
    verify_proof(extra, leaf_hash=held, public_keys=[sqlite_log.public_key])
    for text in ("", "c2sp.org/tlog-proof@v1", proof.replace("@v1", "@v2"), proof.replace("\n\n", "\n")):
        with pytest.raises(ProofInvalidError):
            verify_proof(text, leaf_hash=held, public_keys=[sqlite_log.public_key])


def test_what_waits_has_no_proof_yet(log: LogWorld) -> None:
    (held,) = log.write()
    with log.database.read.connect() as connection:
        assert read.entry(connection, held).position is None
        assert read.waiting_count(connection) == 2
        with pytest.raises(EntryNotFoundError):
            read.proof(connection, held)
        with pytest.raises(EntryNotFoundError):
            read.entry(connection, bytes(32))
        with pytest.raises(CheckpointNotFoundError):
            read.checkpoint(connection)


def _theirs(folder: Path, key: bytes) -> bool:
    """Whether the verifier of others takes every file that it reads: head, root, entries, and how the tree grew."""
    try:
        reader = TilesReader(LocalBackend(folder))
        head = reader.get_checkpoint()
        head.verify(Vkey.from_string(verifier_key(ORIGIN, key)))
        assert reader.calculate_root_hash() == head.root_hash
        for index in (0, 255, 300, 600):
            reader.get_inclusion_proof(index, head.size).check(leaf_hash(reader.get_entry(index)), head.root_hash)
        reader.get_consistency_proof(256, head.size).check(reader.mth(0, 256), head.root_hash)
    except Exception:  # noqa: BLE001 -- whatever it raises is a no
        return False
    return True


def test_one_byte_changed_anywhere_in_an_export_is_caught(sqlite_log: LogWorld, exported: Path) -> None:
    chance = random.Random(7)
    files = sorted(path for path in exported.rglob("*") if path.is_file())
    assert {path.relative_to(exported).parts[0] for path in files} == {"checkpoint", "tile", "payloads"}
    assert _theirs(exported, sqlite_log.public_key)
    by_others = 0
    for path in files:
        held = path.read_bytes()
        places = {0, len(held) - 1, *(chance.randrange(len(held)) for _ in range(6))}
        for at in places:
            path.write_bytes(held[:at] + bytes([held[at] ^ (1 << chance.randrange(8))]) + held[at + 1 :])
            theirs = _theirs(exported, sqlite_log.public_key)
            ours = verify_directory(exported, [sqlite_log.public_key], origin=ORIGIN).sound
            assert not ours, f"{path.name} at {at}"
            by_others += not theirs
        path.write_bytes(held)
    assert by_others > 10
    assert verify_directory(exported, [sqlite_log.public_key], origin=ORIGIN).sound
