"""The log has its heads cosigned: nothing waits for a witness, nothing false is kept, and a fork cannot be hidden."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from audit import read
from audit.checkpoint import DASH
from audit.cosignature import Cosigner, Quorum, cosigned_by
from audit.errors import AuditError, HeadUnprovenError, SizeConflictError
from audit.proof import verify_proof
from audit.report import DefectKind
from audit.verify import verify_directory
from audit.witness import Witness, open_memory
from audit.witnessing import Conflict, Cosigned, Link, NotCosigned, Trouble, Unwitnessed, gather
from tests.log_world import ORIGIN, LogWorld

SECONDS = 1_800_000_000


def link_to(witness: Witness) -> Link:
    """Ask *witness* as HTTP does, without HTTP."""

    def ask(body: bytes) -> Cosigned | Conflict | NotCosigned:
        try:
            return Cosigned(witness.add_checkpoint(body, now=SECONDS))
        except SizeConflictError as conflict:
            return Conflict(conflict.size)
        except AuditError as refusal:
            return NotCosigned(str(refusal), final=isinstance(refusal, HeadUnprovenError))

    return Link(witness.cosigner, ask)


@pytest.fixture
def witnesses(log: LogWorld, tmp_path: Path) -> Iterator[list[Witness]]:
    made = []
    for number in (1, 2):
        key = Ed25519PrivateKey.generate()
        cosigner = Cosigner(f"witness.test/w{number}", key.public_key().public_bytes_raw())
        memory = open_memory(tmp_path / f"witness-{number}.db")
        made.append(Witness(cosigner, key.sign, {ORIGIN: (log.public_key,)}, memory))
    yield made
    for each in made:
        each.engine.dispose()


def gathered(log: LogWorld, *links: Link) -> list[Unwitnessed]:
    return gather(log.database.read, log.database.write, links, now_us=log.now)


def published(log: LogWorld) -> str:
    with log.database.read.connect() as connection:
        return read.checkpoint(connection)


def grow(log: LogWorld, count: int) -> list[bytes]:
    hashes = log.write(count)
    log.sequence()
    return hashes


def test_every_head_is_cosigned_by_every_witness_and_published_so(log: LogWorld, witnesses: list[Witness]) -> None:
    links = [link_to(each) for each in witnesses]
    cosigners = [each.cosigner for each in witnesses]
    for count in (1, 5, 300):
        grow(log, count)
        assert cosigned_by(published(log), cosigners) == {}
        assert gathered(log, *links) == []
        assert cosigned_by(published(log), cosigners) == {each.name: SECONDS for each in cosigners}
    assert gathered(log, *links) == [], "asked again, nothing is said twice"


def test_a_proof_carries_what_witnesses_said(log: LogWorld, witnesses: list[Witness]) -> None:
    (hashed,) = grow(log, 1)
    gathered(log, link_to(witnesses[0]))
    with log.database.read.connect() as connection:
        proof = read.tlog_proof(connection, hashed)
    verify_proof(proof, leaf_hash=hashed, public_keys=[log.public_key])
    Quorum(1, (witnesses[0].cosigner,)).demand(proof.partition("\n\n")[2])


def test_an_export_is_verified_with_its_witnesses_from_files_alone(log: LogWorld, witnesses: list[Witness]) -> None:
    grow(log, 300)
    gathered(log, link_to(witnesses[0]))
    folder = log.exported()
    one, both = ((each.cosigner for each in witnesses[:count]) for count in (1, 2))
    assert verify_directory(folder, [log.public_key], quorum=Quorum(1, tuple(one))).sound
    report = verify_directory(folder, [log.public_key], quorum=Quorum(2, tuple(both)))
    assert [defect.kind for defect in report.defects] == [DefectKind.UNWITNESSED]


def test_a_witness_that_missed_heads_is_led_on_from_what_it_knows(log: LogWorld, witnesses: list[Witness]) -> None:
    link = link_to(witnesses[0])
    grow(log, 3)
    gathered(log, link)
    log.do("DELETE FROM audit_cosignatures")  # the log forgot what the witness knows
    grow(log, 4)
    assert gathered(log, link) == []


def test_a_log_put_back_to_yesterday_with_its_signers_memory_is_found_by_its_witness(
    log: LogWorld, witnesses: list[Witness]
) -> None:
    link = link_to(witnesses[0])
    grow(log, 5)
    old = log.ask('SELECT max("index") FROM audit_entries')[0][0]
    head = log.head_path.read_bytes()
    grow(log, 5)
    gathered(log, link)
    put_back(log, old, head)
    assert [fault.trouble for fault in gathered(log, link)] == [Trouble.AHEAD]
    grow(log, 1)
    assert [fault.trouble for fault in gathered(log, link)] == [Trouble.AHEAD]
    grow(log, 20)
    assert [fault.trouble for fault in gathered(log, link)] == [Trouble.REFUSED], (
        "longer than before, and another story"
    )


def put_back(log: LogWorld, last: int, head: bytes) -> None:
    """Do what an operator can who has everything: yesterday's tables, and yesterday's head file beside the key."""
    log.do('DELETE FROM audit_entries WHERE "index" > :last', last=last)
    log.do("DELETE FROM audit_checkpoints WHERE size > :size", size=last + 1)
    log.do("DELETE FROM audit_cosignatures")
    size = last + 1
    for level in range(1, 12):
        log.do('DELETE FROM audit_nodes WHERE level = :level AND "index" >= :bound', level=level, bound=size >> level)
    log.head_path.write_bytes(head)


ANSWERS: dict[str, tuple[Cosigned | Conflict | NotCosigned, Trouble]] = {
    "silence": (NotCosigned("it could not be reached", final=False), Trouble.SILENT),
    "a no": (NotCosigned("status 422", final=True), Trouble.REFUSED),
    "nothing": (Cosigned(""), Trouble.SILENT),
    "another's line": (Cosigned(f"{DASH} witness.test/other AAAA\n"), Trouble.SILENT),
    "a line that is none": (Cosigned(f"{DASH} witness.test/w1 AAAA\n"), Trouble.SILENT),
    "a line that does not verify": (Cosigned("forged"), Trouble.SILENT),
    "more than there is": (Conflict(10**6), Trouble.AHEAD),
}


@pytest.mark.parametrize("said", ANSWERS)
def test_what_a_witness_says_wrongly_is_told_and_never_kept(log: LogWorld, witnesses: list[Witness], said: str) -> None:
    answer, trouble = ANSWERS[said]
    if answer == Cosigned("forged"):
        other = Witness(witnesses[0].cosigner, witnesses[1].sign, witnesses[0].logs, witnesses[0].engine)
        link = link_to(other)
    else:
        link = Link(witnesses[0].cosigner, lambda _body: answer)
    grow(log, 3)
    assert [fault.trouble for fault in gathered(log, link)] == [trouble]
    assert log.ask("SELECT count(*) FROM audit_cosignatures")[0][0] == 0
    assert log.checked().sound


def test_one_witness_in_trouble_does_not_keep_the_others(log: LogWorld, witnesses: list[Witness]) -> None:
    silent = Link(witnesses[0].cosigner, lambda _body: NotCosigned("away", final=False))
    grow(log, 3)
    assert len(gathered(log, silent, link_to(witnesses[1]))) == 1
    assert cosigned_by(published(log), [witnesses[1].cosigner])


def test_before_anything_is_published_nobody_is_asked(log: LogWorld) -> None:
    def ask(_body: bytes) -> NotCosigned:
        raise AssertionError

    assert gathered(log, Link(Cosigner("witness.test/w1", bytes(32)), ask)) == []
