"""Two councils: one keeps a log, the other vouches for it, each by the commands that operators use."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

import orjson
import pytest

from audit.cosignature import Cosigner, Kind
from tests.demo_world import command, settings
from tests.ports import free_port


def run(home: Path, *arguments: str, expect: int = 0, more: Mapping[str, str] | None = None) -> str:
    found = subprocess.run(
        command(*arguments), env={**settings(home), **(more or {})}, check=False, capture_output=True, text=True
    )
    assert found.returncode == expect, found.stderr
    return found.stdout


@contextmanager
def served(folder: Path) -> Iterator[str]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "web.cli", "witness", "serve", str(folder), "--port", str(port)],
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
    )
    try:
        address = f"http://127.0.0.1:{port}"
        last = time.monotonic() + 60
        while time.monotonic() < last:
            with suppress(OSError), urllib.request.urlopen(f"{address}/healthz", timeout=5):  # noqa: S310 -- our own address
                break
            time.sleep(0.05)
        yield address
    finally:
        process.terminate()
        process.wait(20)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    run(tmp_path / "vault", "init")
    return tmp_path / "vault"


def test_another_council_vouches_for_the_log(home: Path, tmp_path: Path) -> None:
    names = [tmp_path / "one", tmp_path / "two"]
    ways = ("ed25519", "ml-dsa-44")
    keys = [
        run(home, "witness", "init", str(each), "--name", f"witness.test/{each.name}", "--algorithm", way).strip()
        for each, way in zip(names, ways, strict=True)
    ]
    assert [Cosigner.parse(key).kind for key in keys] == [Kind.ED25519, Kind.ML_DSA_44]
    log = run(home, "audit", "key").strip()
    for each in names:
        assert "watching citizen-vault" in run(home, "witness", "watch", str(each), log)
    file = tmp_path / "witnesses"
    with served(names[0]) as address:
        file.write_text(f"# who vouches\nquorum 1\n{keys[0]} {address}\n{keys[1]} http://127.0.0.1:1\n")
        asked = {"CITIZEN_VAULT_WITNESSES": str(file)}
        run(home, "audit", "sequence")
        said = orjson.loads(run(home, "audit", "witnesses", "--json", more=asked))
        assert set(said["cosigned"]) == {"witness.test/one"}
        assert [(each["witness"], each["trouble"]) for each in said["trouble"]] == [("witness.test/two", "silent")]
        file.write_text(f"{keys[0]} {address}\n{keys[1]} http://127.0.0.1:1\n")
        run(home, "audit", "witnesses", expect=1, more=asked)
        found = orjson.loads(run(home, "witness", "show", str(names[0]), "--json"))
        assert found["logs"] == {"citizen-vault": said["size"]}
    exported, public = str(tmp_path / "exported"), run(home, "audit", "checkpoint").split()[-1]
    run(home, "audit", "export", exported)
    run(home, "audit", "verify", exported, "--key", public, "--witness", keys[0])
    run(home, "audit", "verify", exported, "--key", public, "--witness", keys[1], expect=1)
    both = ("--witness", keys[0], "--witness", keys[1])
    run(home, "audit", "verify", exported, "--key", public, *both, "--quorum", "1")
    run(home, "audit", "verify", exported, "--key", public, *both, "--quorum", "3", expect=2)


@pytest.mark.parametrize(
    "words",
    [
        "",
        "quorum 2",
        "nonsense",
        "witness.test/w1+00000000+AAAA https://example.org",
        "{key} http://example.org",
        "{key} ftp://example.org",
        "{key}",
        "{key} https://example.org\n{key} https://example.org",
        "quorum 3\n{key} https://example.org",
    ],
)
def test_a_list_of_witnesses_that_is_not_right_stops_with_a_sentence(tmp_path: Path, words: str) -> None:
    from audit.cosignature import Cosigner  # noqa: PLC0415 -- only here
    from web.faults import SettingError  # noqa: PLC0415 -- only here
    from web.witness import asking  # noqa: PLC0415 -- only here

    file = tmp_path / "witnesses"
    file.write_text(words.replace("{key}", str(Cosigner("witness.test/w1", bytes(32)))), encoding="utf-8")
    with pytest.raises(SettingError):
        asking.read(str(file))
    assert asking.read("") is None


def said(home: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """What a command of the vault at *home* prints, run within this process, and its exit status."""
    from web.cli import main  # noqa: PLC0415 -- only here

    with pytest.MonkeyPatch.context() as patched:
        for name, value in settings(home).items():
            patched.setenv(name, value)
        patched.setenv("CITIZEN_VAULT_WITNESSES", str(home.parent / "witnesses"))
        with pytest.raises(SystemExit) as end:
            main(list(arguments))
    return int(end.value.code or 0), capsys.readouterr().out


def happen(home: Path, *names: str) -> None:
    """Let something happen in the vault at *home* that the log tells of."""
    from vault import services  # noqa: PLC0415 -- only here
    from vault.context import OPERATOR  # noqa: PLC0415 -- only here
    from web.config import Config  # noqa: PLC0415 -- only here
    from web.opening import opened  # noqa: PLC0415 -- only here

    with opened(Config.from_environment(settings(home))) as vault:
        for name in names:
            with vault.transaction(OPERATOR) as ctx:
                services.make_organisation(ctx, slug=name, name=name, kind="provider")


def test_a_log_put_back_to_yesterday_and_gone_on_with_is_refused_by_the_witness_and_named_by_the_verifier(
    home: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    key = run(home, "witness", "init", str(tmp_path / "one"), "--name", "witness.test/one").strip()
    run(home, "witness", "watch", str(tmp_path / "one"), run(home, "audit", "key").strip())
    with served(tmp_path / "one") as address:
        (tmp_path / "witnesses").write_text(f"{key} {address}\n")
        assert said(home, capsys, "audit", "verify")[0] == 0
        shutil.copytree(home, tmp_path / "yesterday")  # everything: database, key store, head file, last proof
        happen(home, "one", "two", "three")
        assert said(home, capsys, "audit", "verify")[0] == 0
        assert said(home, capsys, "audit", "witnesses")[0] == 0
        latest = f"{address}/{hashlib.sha256(b'citizen-vault').hexdigest()}/checkpoint"
        with urllib.request.urlopen(latest, timeout=10) as answer:  # noqa: S310 -- our own address
            (tmp_path / "kept").write_bytes(answer.read())
        shutil.rmtree(home)
        shutil.copytree(tmp_path / "yesterday", home)
        for names, trouble in ((("four",), "ahead"), (("five", "six", "seven", "eight"), "refused")):
            happen(home, *names)
            status, report = said(home, capsys, "audit", "verify")
            assert status == 0, "on its own the fork is a sound log"
            status, report = said(home, capsys, "audit", "witnesses", "--json")
            assert status == 1
            assert [each["trouble"] for each in orjson.loads(report)["trouble"]] == [trouble]
            status, report = said(home, capsys, "audit", "verify", "--kept", str(tmp_path / "kept"))
            assert status == 1
            assert "forked" in report
    public = said(home, capsys, "audit", "checkpoint")[1].split()[-1]
    exported = str(tmp_path / "exported")
    said(home, capsys, "audit", "export", exported)
    assert said(home, capsys, "audit", "verify", exported, "--key", public)[0] == 0
    assert said(home, capsys, "audit", "verify", exported, "--key", public, "--witness", key)[0] == 1
    status, report = said(home, capsys, "audit", "verify", exported, "--key", public, "--kept", str(tmp_path / "kept"))
    assert (status, "forked" in report) == (1, True)
