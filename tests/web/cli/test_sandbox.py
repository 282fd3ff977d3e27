"""The sandbox is set up once, kept, begun anew on demand, and cannot be mixed with what is real."""

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from web.cli import main
from web.sandbox import note

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("CITIZEN_VAULT_") and "TEST" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CITIZEN_VAULT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command as the shell would; returns its status and all that it said."""

    def _run(*arguments: str | Path) -> tuple[int, str]:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return int(end.value.code or 0), printed.out + printed.err

    return _run


def test_a_sandbox_is_set_up_kept_and_begun_anew_and_takes_no_files(run: Run, home: Path, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    status, said = run("sandbox", "--keys", keys, "--issuer", "http://localhost:8000")
    assert (status, "ref:sandbox:ALL" in said) == (0, True)
    private = keys / "sandbox-service-private.json"
    assert private.stat().st_mode & 0o077 == 0
    told = json.loads((keys / "sandbox.json").read_text(encoding="utf-8"))
    assert (told["issuer"], told["client_id"]) == ("http://localhost:8000", "sandbox-service")
    assert "kept as it is" in run("sandbox", "--keys", keys)[1]
    held = private.read_text(encoding="utf-8")

    status, said = run("import", keys, "--from", "example-hospital", "--system", "x", "--purpose", "y")
    assert (status, "nobody is real" in said) == (1, True)
    assert run("audit", "verify")[0] == 0

    (home / note.FOLDER / "residents.json").unlink()  # as if it had been killed half-way
    status, said = run("sandbox", "--keys", keys)
    assert (status, "unfinished" in said) == (0, True)
    assert private.read_text(encoding="utf-8") == held
    assert run("sandbox", "--reset", "--yes", "--keys", keys)[0] == 0


def test_what_is_real_and_a_sandbox_open_nothing_of_each_other(run: Run, home: Path, tmp_path: Path) -> None:
    assert run("init", "--example-registry")[0] == 0
    assert run("service", "list")[0] == 0
    status, said = run("sandbox", "--keys", tmp_path / "keys")
    assert (status, "there is a vault" in said) == (1, True)
    status, said = run("sandbox", "--reset", "--yes")
    assert (status, "is no sandbox" in said) == (1, True)
    note.mark(home)
    assert run("service", "list")[0] == 1  # the rows are another tenant's: none is believed
    shutil.rmtree(home / note.FOLDER)
    assert run("service", "list")[0] == 0


@pytest.mark.parametrize("setting", ["ROOT_KEY", "DATABASE_URL"])
def test_keys_and_a_database_of_somewhere_else_are_never_deleted_with_a_sandbox(
    run: Run, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, setting: str
) -> None:
    note.mark(home)
    real = tmp_path / "real"
    real.mkdir()
    (real / "kept").touch()
    named = {"ROOT_KEY": f"file:{real}", "DATABASE_URL": f"sqlite:///{real / 'kept'}"}
    monkeypatch.setenv(f"CITIZEN_VAULT_{setting}", named[setting])
    status, said = run("sandbox", "--reset", "--yes")
    assert (status, "is not deleted" in said) == (1, True)
    assert (real / "kept").exists()


def test_a_sandbox_is_never_laid_into_a_database_server(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITIZEN_VAULT_DATABASE_URL", "postgresql://nobody@localhost/vault")
    status, said = run("sandbox")
    assert (status, "in a file" in said) == (1, True)
