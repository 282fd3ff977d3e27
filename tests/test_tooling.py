"""What sets the house up: locks without addresses, pins that agree, commands that explain themselves."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Final

import pytest

from tests.databases import run_folder

PYTHON_LOCKS: Final = ("requirements.lock", "requirements-test.lock", "requirements-node.lock")
NODE_LOCKS: Final = ("web/frontend/package-lock.json", "tests/node/package-lock.json")
PIN: Final = re.compile(r"^(?P<name>[a-z0-9.-]+)(?:\[[a-z,]+\])?==(?P<version>\S+)", re.MULTILINE)
TARGETS: Final = {
    *("run", "test", "lint", "strings", "described", "demo-reset", "screenshots", "help"),
    *("bench", "bench-documents", "bench-log", "bench-pages", "bench-watching", "bench-withdrawing"),
}


def _pins(path: Path) -> dict[str, str]:
    return {found["name"]: found["version"] for found in PIN.finditer(path.read_text(encoding="utf-8"))}


@pytest.mark.parametrize("name", PYTHON_LOCKS)
def test_python_locks_hold_hashes_and_no_addresses(root: Path, name: str) -> None:
    text = (root / name).read_text(encoding="utf-8")
    entries = re.split(r"\n(?=\S)", text.strip())
    assert "://" not in text
    assert not re.search(r"^\s*(-i|-f|--(extra-)?index-url|--find-links|--trusted-host)", text, re.MULTILINE)
    assert all("--hash=sha256:" in entry for entry in entries if not entry.startswith("#"))


@pytest.mark.parametrize("name", NODE_LOCKS)
def test_node_locks_hold_hashes_and_no_addresses(root: Path, name: str) -> None:
    packages = json.loads((root / name).read_text(encoding="utf-8"))["packages"]
    outside = {key: package for key, package in packages.items() if key}
    assert all(package["integrity"].startswith("sha512-") for package in outside.values())
    assert not any("resolved" in package for package in outside.values())


def test_tests_run_on_the_versions_that_are_shipped(root: Path) -> None:
    shipped = _pins(root / "requirements.lock")
    tested = _pins(root / "requirements-test.lock")
    assert {name: tested.get(name) for name in shipped.keys() & tested.keys()} == {
        name: shipped[name] for name in shipped.keys() & tested.keys()
    }


def test_every_dependency_named_is_locked(root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"]

    def names(wanted: list[str]) -> set[str]:
        return {re.split(r"[\[<>=]", one)[0].lower() for one in wanted}

    assert names(project["dependencies"] + extras["postgres"]) <= _pins(root / "requirements.lock").keys()
    assert names(extras["test"]) <= _pins(root / "requirements-test.lock").keys()


def test_the_pages_macros_and_style_are_of_one_release(root: Path) -> None:
    style = json.loads((root / "web/frontend/package.json").read_text(encoding="utf-8"))["dependencies"]
    assert style == {"govuk-frontend": "6.3.0"}
    assert _pins(root / "requirements.lock")["govuk-frontend-jinja"] == "4.1.0"


def test_help_names_every_target(root: Path) -> None:
    answer = subprocess.run(["make", "help"], cwd=root, capture_output=True, text=True, check=True)
    assert set(re.findall(r"^  make ([a-z-]+) +\S", answer.stdout, re.MULTILINE)) == TARGETS


def test_a_missing_system_package_is_named(root: Path, tmp_path: Path) -> None:
    for name in ("bash", "dirname", "id", "mktemp", "tail"):
        (tmp_path / name).symlink_to(Path("/usr/bin") / name)
    answer = subprocess.run(
        [tmp_path / "bash", root / "tests/setup", "system"],
        env={"PATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert "chromium" in answer.stderr
    assert "PostgreSQL 15" in answer.stderr


@pytest.mark.parametrize(("present", "required", "code"), [(False, True, 4), (False, False, 0), (True, True, 0)])
def test_real_input_is_left_out_with_a_notice_or_demanded(
    root: Path, tmp_path: Path, *, present: bool, required: bool, code: int
) -> None:
    project = _small_project(root, tmp_path)
    if present:
        (tmp_path / "shared/data/open").mkdir(parents=True)
    environ = {**os.environ, "CITIZEN_VAULT_REALDATA": "required" if required else ""}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    answer = subprocess.run(command, cwd=project, env=environ, capture_output=True, text=True, check=False)
    assert answer.returncode == code, answer.stdout + answer.stderr
    assert run_folder().is_dir(), "the run within deleted the folder of the run around it"
    assert ("NOTICE: no ../shared/data/open" in answer.stdout) == (not present and not required)
    assert ("1 deselected" in answer.stdout) == (not present and not required)


def _small_project(root: Path, folder: Path) -> Path:
    """A project with this one's test set-up and two tests, one of them on real input."""
    tests = folder / "project" / "tests"
    tests.mkdir(parents=True)
    (tests.parent / "pyproject.toml").write_text((root / "pyproject.toml").read_text(encoding="utf-8"))
    read = ("conftest.py", "databases.py", "emptied.py", "network.py", "postgres.py", "statements.py")
    for name in ("__init__.py", *read):
        (tests / name).write_text((root / "tests" / name).read_text(encoding="utf-8"))
    (tests / "test_two.py").write_text(
        "import pytest\n\n\ndef test_one():\n    pass\n\n\n"
        "@pytest.mark.realdata\ndef test_other(shared_data):\n    assert shared_data.is_dir()\n"
    )
    return tests.parent
