"""A saved proof is checked by one command that needs no vault: what holds says so, what does not never does."""

import json
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select

from audit import read
from audit.copies import seal_copy
from audit.models import ENTRIES
from tests.log_world import LogWorld
from vault.crypto.sign import SigningKey
from vault.db import Database
from web.cli import main


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


def test_an_auditors_copy_is_checked_with_two_keys_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    one, other = (SigningKey(bytes([number]) * 32) for number in (1, 2))
    files = seal_copy({"entries.csv": b"a,b\r\n"}, {"entries": 0}, sign=one.sign)
    # The signed format stays as it is.
    assert files["manifest.sig"].startswith(b"O4wG7e/EPdNnn5fq1pkwKk6m0ZjfQZic3HOp8VXajnpp02M83Ijmd53jTkpe3znB")
    with zipfile.ZipFile(tmp_path / "copy.zip", "w") as packed:
        for name, content in files.items():
            packed.writestr(f"log-export/{name}", content)
    (tmp_path / "folder").mkdir()
    for name, content in files.items():
        (tmp_path / "folder" / name).write_bytes(content)
    keys = ("--key", "00" * 32, "--signer")
    for path in ("copy.zip", "folder"):
        for signer, status in ((one, 0), (other, 1)):
            with pytest.raises(SystemExit) as end:
                main(["audit", "check-copy", str(tmp_path / path), *keys, signer.public.hex()])
            assert (end.value.code or 0) == status
            assert ("whole and signed" in capsys.readouterr().out) is (status == 0)
    (tmp_path / "folder" / "entries.csv").write_bytes(b"a,c\r\n")
    with pytest.raises(SystemExit):
        main(["audit", "check-copy", str(tmp_path / "folder"), *keys, one.public.hex()])
    assert "entries.csv was changed" in capsys.readouterr().out
