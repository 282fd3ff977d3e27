"""A witness cosigns only what extends the head it cosigned last: no fork, no roll-back, no second story."""

import struct
import threading
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PublicKey
from sqlalchemy import Engine, event
from tlog_scales.signing import NoteSignature, Vkey
from tlog_scales.tlog import Checkpoint as TheirCheckpoint

from audit.checkpoint import Checkpoint, read_text, sign_checkpoint, split_note
from audit.cosignature import Cosigner, Kind, Quorum, cosign, cosigned_by, with_cosignatures
from audit.entry import leaf_hash
from audit.errors import (
    CheckpointInvalidError,
    HeadUnprovenError,
    LogUnknownError,
    SizeConflictError,
    WitnessRequestInvalidError,
)
from audit.tree import EMPTY_ROOT, consistency_ranges, root_hash
from audit.witness import Request, Witness, open_memory
from vault.crypto.sign import LatticeKey

ORIGIN, NAME, NOW = "vault.test/log", "witness.test/w1", 1_800_000_000
KEY, WITNESS_KEY, OTHER_KEY = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2, 3))
COSIGNER = Cosigner(NAME, WITNESS_KEY.public_key().public_bytes_raw())


class Tree:
    """A small tree whose leaves are numbers, and a story of its own."""

    def __init__(self, story: bytes = b"") -> None:
        self.story = story

    def root(self, start: int, end: int) -> bytes:
        return root_hash(leaf_hash(self.story + number.to_bytes(4)) for number in range(start, end))

    def note(self, size: int, *, key: Ed25519PrivateKey = KEY, origin: str = ORIGIN, root: bytes | None = None) -> str:
        head = Checkpoint(origin, size, root or (self.root(0, size) if size else EMPTY_ROOT))
        return sign_checkpoint(head, sign=key.sign, public_key=key.public_key().public_bytes_raw())

    def body(self, old: int, size: int, **changed: Any) -> bytes:
        ranges = consistency_ranges(old, size) if 0 < old < size else []
        proof = [self.root(start, end) for start, end in ranges]
        return Request(old, tuple(proof), self.note(size, **changed)).write()


TREE = Tree()


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Engine]:
    engine = open_memory(tmp_path / "witness.db")
    yield engine
    engine.dispose()


@pytest.fixture
def witness(memory: Engine) -> Witness:
    return Witness(COSIGNER, WITNESS_KEY.sign, {ORIGIN: (KEY.public_key().public_bytes_raw(),)}, memory)


def grown(witness: Witness, *sizes: int) -> str:
    line, old = "", 0
    for size in sizes:
        line, old = witness.add_checkpoint(TREE.body(old, size), now=NOW), size
    return line


def test_a_log_that_only_grows_is_cosigned_each_time(witness: Witness) -> None:
    line = grown(witness, 1, 2, 7, 7, 8, 100, 257)
    note = with_cosignatures(TREE.note(257), [line])
    assert cosigned_by(note, [COSIGNER]) == {NAME: NOW}
    assert witness.latest(ORIGIN) == note


def test_a_verifier_by_others_takes_the_cosignature(witness: Witness) -> None:
    line = grown(witness, 5)
    theirs = Vkey.from_string(str(COSIGNER)).get_verifier()
    head = TheirCheckpoint.from_text(with_cosignatures(TREE.note(5), [line]))
    theirs.verify_note(NoteSignature.from_line(line.rstrip("\n")), head)


@pytest.mark.parametrize(("old", "size"), [(7, 7), (7, 8), (7, 100)])
def test_a_fork_is_refused_however_it_is_told(witness: Witness, old: int, size: int) -> None:
    grown(witness, 7)
    with pytest.raises(HeadUnprovenError):
        witness.add_checkpoint(Tree(b"another story").body(old, size), now=NOW)
    assert split_note(witness.latest(ORIGIN) or "")[0] == split_note(TREE.note(7))[0]


def test_a_log_that_was_rolled_back_is_told_which_size_was_cosigned(witness: Witness) -> None:
    grown(witness, 100)
    for old, size in ((0, 50), (50, 60), (60, 100)):
        with pytest.raises(SizeConflictError) as refused:
            witness.add_checkpoint(TREE.body(old, size), now=NOW)
        assert refused.value.size == 100
    with pytest.raises(WitnessRequestInvalidError):
        witness.add_checkpoint(TREE.body(100, 50), now=NOW)


def test_a_head_is_cosigned_only_for_a_log_that_is_watched_and_signed_by_its_key(witness: Witness) -> None:
    with pytest.raises(LogUnknownError):
        witness.add_checkpoint(TREE.body(0, 1, origin="elsewhere.test/log"), now=NOW)
    with pytest.raises(CheckpointInvalidError):
        witness.add_checkpoint(TREE.body(0, 1, key=OTHER_KEY), now=NOW)
    with pytest.raises(CheckpointInvalidError):
        witness.add_checkpoint(TREE.body(0, 1).replace(b"\n1\n", b"\n2\n"), now=NOW)
    assert witness.latest(ORIGIN) is None


def test_an_empty_log_has_the_root_of_the_empty_tree(witness: Witness) -> None:
    with pytest.raises(HeadUnprovenError):
        witness.add_checkpoint(TREE.body(0, 0, root=bytes(32)), now=NOW)
    witness.add_checkpoint(TREE.body(0, 0), now=NOW)
    witness.add_checkpoint(TREE.body(0, 3), now=NOW)


GOOD = TREE.body(3, 7)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 0\n\n",
        b"\xff" + GOOD,
        GOOD.replace(b"old 3", b"old 03"),
        GOOD.replace(b"old 3", b"old -1"),
        GOOD.replace(b"old 3", b"old  3"),
        GOOD.replace(b"old 3", b"new 3"),
        GOOD.replace(b"old 3\n", b"old 3\n\n"),
        GOOD.replace(b"=\n", b"\n", 1),
        GOOD.replace(b"old 3\n", b"old 3\n" + b"AA==\n"),
        b"old 3\n" + (b"A" * 43 + b"=\n") * 64 + b"\n" + TREE.note(7).encode(),
        GOOD + b"x" * 70_000,
        GOOD.replace(b"\xe2\x80\x94", b"-"),
    ],
)
def test_what_is_malformed_is_refused_and_changes_nothing(witness: Witness, body: bytes) -> None:
    grown(witness, 3)
    before = witness.latest(ORIGIN)
    with pytest.raises((WitnessRequestInvalidError, CheckpointInvalidError, HeadUnprovenError)):
        witness.add_checkpoint(body, now=NOW)
    assert witness.latest(ORIGIN) == before


def test_a_proof_that_is_changed_anywhere_is_refused(witness: Witness) -> None:
    grown(witness, 3)
    sound = Request.parse(GOOD)
    for number in range(len(sound.proof)):
        wrong = [*sound.proof]
        wrong[number] = bytes([wrong[number][0] ^ 1]) + wrong[number][1:]
        for proof in (wrong, [*sound.proof[:number], *sound.proof[number + 1 :]], [*sound.proof, bytes(32)]):
            with pytest.raises(HeadUnprovenError):
                witness.add_checkpoint(Request(3, tuple(proof), sound.note).write(), now=NOW)
    witness.add_checkpoint(GOOD, now=NOW)


def test_of_many_requests_at_once_one_is_cosigned_and_none_rolls_it_back(witness: Witness) -> None:
    grown(witness, 10)
    said: list[str] = []

    def ask(size: int) -> None:
        try:
            witness.add_checkpoint(TREE.body(10, size), now=NOW)
            said.append("cosigned")
        except SizeConflictError:
            said.append("conflict")

    threads = [threading.Thread(target=ask, args=(size,)) for size in range(11, 19)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(said) == ["conflict"] * 7 + ["cosigned"]


@pytest.mark.parametrize("when", ["before it is kept", "at the commit"])
def test_what_was_not_kept_is_not_cosigned(witness: Witness, memory: Engine, when: str) -> None:
    grown(witness, 3)
    before = witness.latest(ORIGIN)

    def fail(*_arguments: object) -> None:
        raise OSError("the disk is full")

    name = "commit" if when == "at the commit" else "before_cursor_execute"
    event.listen(memory, name, fail)
    with pytest.raises(OSError, match="full"):
        witness.add_checkpoint(GOOD, now=NOW)
    event.remove(memory, name, fail)
    assert witness.latest(ORIGIN) == before
    witness.add_checkpoint(GOOD, now=NOW)


def test_a_quorum_counts_each_witness_once_and_no_stranger() -> None:
    note = TREE.note(5)
    text = split_note(note)[0]
    others = [Cosigner(f"witness.test/w{n}", OTHER_KEY.public_key().public_bytes_raw()) for n in (2, 3)]
    line = cosign(text, cosigner=COSIGNER, sign=WITNESS_KEY.sign, time=NOW)
    second = cosign(text, cosigner=others[0], sign=OTHER_KEY.sign, time=NOW)
    stranger = cosign(text, cosigner=Cosigner("stranger", COSIGNER.public_key), sign=WITNESS_KEY.sign, time=NOW)
    quorum = Quorum(2, (COSIGNER, *others))
    quorum.demand(with_cosignatures(note, [line, second]))
    for too_few in ([], [line], [line, line], [line, stranger]):
        with pytest.raises(CheckpointInvalidError):
            quorum.demand(with_cosignatures(note, too_few))


def test_a_line_of_a_known_witness_that_does_not_verify_spoils_the_note() -> None:
    note = TREE.note(5)
    for forged in (
        cosign(split_note(note)[0], cosigner=COSIGNER, sign=OTHER_KEY.sign, time=NOW),
        cosign(split_note(TREE.note(6))[0], cosigner=COSIGNER, sign=WITNESS_KEY.sign, time=NOW),
    ):
        with pytest.raises(CheckpointInvalidError):
            cosigned_by(with_cosignatures(note, [forged]), [COSIGNER])


@pytest.mark.parametrize("written", ["", "a+b+c", "witness.test/w1+00000000+BAAA", str(COSIGNER)[:-2]])
def test_a_verifier_key_that_is_none_is_refused(written: str) -> None:
    with pytest.raises(CheckpointInvalidError):
        Cosigner.parse(written)
    assert Cosigner.parse(str(COSIGNER)) == COSIGNER


def test_a_cosignature_by_ml_dsa_44_is_over_what_the_specification_says() -> None:
    held = orjson.loads((Path(__file__).parents[1] / "vectors" / "cosignature-ml-dsa-44.json").read_bytes())
    cosigner = Cosigner.parse(held["key"])
    assert (cosigner.kind, len(cosigner.public_key)) == (Kind.ML_DSA_44, 1312)
    assert cosigned_by(held["note"], [cosigner]) == {cosigner.name: held["time"]}
    assert LatticeKey(bytes.fromhex(held["seed"])).public == cosigner.public_key
    checkpoint = read_text(split_note(held["note"])[0])
    name, origin = cosigner.name.encode(), checkpoint.origin.encode()
    # C2SP tlog-cosignature, "ML-DSA-44 signed message", written out by hand.
    message = struct.pack(">12sB", b"subtree/v1\n\0", len(name)) + name + struct.pack(">QB", held["time"], len(origin))
    message += origin + struct.pack(">QQ", 0, checkpoint.size) + checkpoint.root
    assert message.hex() == held["message"]
    public = MLDSA44PublicKey.from_public_bytes(cosigner.public_key)
    ((_, line),) = [each for each in split_note(held["note"])[1] if each[0] == cosigner.name]
    assert line[:4] == sha256(name + b"\n\x06" + cosigner.public_key).digest()[:4]
    public.verify(line[12:], message)


def test_a_witness_with_ml_dsa_44_counts_beside_one_with_ed25519_and_nothing_else_passes_for_it() -> None:
    key = LatticeKey(bytes(range(32)))
    lattice = Cosigner("witness.test/q1", key.public, Kind.ML_DSA_44)
    assert Cosigner.parse(str(lattice)) == lattice
    note = TREE.note(5)
    text = split_note(note)[0]
    mine = cosign(text, cosigner=COSIGNER, sign=WITNESS_KEY.sign, time=NOW)
    its = cosign(text, cosigner=lattice, sign=key.sign, time=NOW)
    Quorum(2, (COSIGNER, lattice)).demand(with_cosignatures(note, [mine, its]))
    renamed = Cosigner("witness.test/q2", key.public, Kind.ML_DSA_44)
    for spoiled in (
        cosign(split_note(TREE.note(6))[0], cosigner=lattice, sign=key.sign, time=NOW),
        cosign(text, cosigner=lattice, sign=LatticeKey(bytes(32)).sign, time=NOW),
        cosign(text, cosigner=lattice, sign=lambda data: key.sign(data)[:-1], time=NOW),
        cosign(text, cosigner=lattice, sign=lambda data: key.sign(data.replace(b"/q1", b"/q2")), time=NOW),
    ):
        with pytest.raises(CheckpointInvalidError):
            cosigned_by(with_cosignatures(note, [spoiled]), [lattice])
    assert cosigned_by(with_cosignatures(note, [its]), [renamed]) == {}
