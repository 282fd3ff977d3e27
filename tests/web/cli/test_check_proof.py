"""A saved proof is checked by one command that needs no vault: what holds says so, what does not never does."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from audit import read
from audit.models import ENTRIES
from tests.log_world import LogWorld
from vault.db import Database


@dataclass(frozen=True)
class Saved:
    """What somebody downloaded: a proof named by its line, the line's bytes, and the log's key."""

    proof: Path
    leaf: Path
    key: str


@pytest.fixture
def saved(tmp_path: Path, sqlite_url: str) -> Saved:
    """The proof of one line of a small log."""
    database = Database(sqlite_url)
    log = LogWorld(database, tmp_path)
    log.signer.begin()
    line = log.write(5)[2]
    log.sequence()
    with database.read.connect() as connection:
        text = read.tlog_proof(connection, line)
        leaf = connection.execute(select(ENTRIES.c.leaf).where(ENTRIES.c.leaf_hash == line)).scalar_one()
    database.dispose()
    proof, bytes_of = tmp_path / f"{line.hex()}.tlog-proof", tmp_path / "line.json"
    proof.write_text(text, encoding="utf-8")
    bytes_of.write_bytes(leaf)
    return Saved(proof, bytes_of, log.public_key.hex())


def check(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run the command where there is no vault and no setting."""
    command = [sys.executable, "-m", "web.cli", "audit", "check-proof", *map(str, arguments)]
    root = Path(__file__).parents[3]
    environment = {"PYTHONPATH": str(root), "CITIZEN_VAULT_HOME": str(folder / "nowhere"), "PATH": ""}
    return subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False, timeout=60)


def test_a_proof_named_by_its_line_is_verified_with_the_key_alone(saved: Saved, tmp_path: Path) -> None:
    answer = check(saved.proof, "--key", saved.key, folder=tmp_path)
    assert answer.returncode == 0, answer.stderr
    assert answer.stdout.startswith("verified: line ")
    assert not (tmp_path / "nowhere").exists()


def test_the_line_is_named_by_hash_or_by_its_bytes(saved: Saved, tmp_path: Path) -> None:
    other = saved.proof.rename(tmp_path / "saved.tlog-proof")
    for leaf in (saved.proof.name.partition(".")[0], saved.leaf):
        answer = check(other, "--leaf", leaf, "--key", saved.key, "--json", folder=tmp_path)
        assert json.loads(answer.stdout)["verified"] is True
    assert check(other, "--key", saved.key, folder=tmp_path).returncode == 2


def test_whatever_does_not_fit_is_said_loudly_and_ends_with_1(saved: Saved, tmp_path: Path) -> None:
    leaf, text = saved.leaf.read_bytes(), saved.proof.read_text("utf-8")
    saved.leaf.write_bytes(leaf.replace(b"home-care", b"home-cate"))
    changed = tmp_path / "changed.tlog-proof"
    changed.write_text(text.replace("index 3", "index 2").replace("index 4", "index 2"), encoding="utf-8")
    name = saved.proof.name.partition(".")[0]
    for arguments in (
        (saved.proof, "--leaf", saved.leaf, "--key", saved.key),
        (saved.proof, "--key", "00" * 32),
        (saved.proof, "--key", saved.key, "--origin", "another.example/log"),
        (changed, "--leaf", name, "--key", saved.key),
        (saved.leaf, "--leaf", name, "--key", saved.key),
    ):
        answer = check(*arguments, folder=tmp_path)
        assert answer.returncode == 1, arguments
        assert answer.stdout.startswith("NOT VERIFIED: ")
        assert "Traceback" not in answer.stderr


@pytest.mark.parametrize("key", ["", "xyz", "00"])
def test_a_key_that_is_none_is_wrong_use(saved: Saved, tmp_path: Path, key: str) -> None:
    assert check(saved.proof, "--key", key, folder=tmp_path).returncode == 2
