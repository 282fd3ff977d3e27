"""The house stands: its contracts hold, each can break, and nothing lives where it does not belong."""

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any, Final

import grimp
import pytest

FOLDERS: Final = {"vault", "policies", "audit", "web", "tests"}
PACKAGES: Final = ("vault", "policies", "audit", "web")
NOT_OURS: Final = {"node_modules", "var", "build", "dist", "__pycache__"}
MOST_LINES: Final = 600  # we ask at 300; beyond this a file holds two things
EXCEPTION_ALONE: Final = re.compile(r"#\s*noqa(?:: *[A-Z]+[0-9]+(?:, *[A-Z]+[0-9]+)*)?\s*$")

# What each inner package may use besides the standard library and its own ground floor.
ALLOWED: Final = {
    "policies": {"cedarpy"},
    "audit": {"cryptography", "orjson", "sqlalchemy"},
    "vault": {"alembic", "audit", "cryptography", "orjson", "policies", "sqlalchemy", "structlog"},
}

# A forbidden line, where it is planted, and the contract it breaks.
PLANTED: Final = {
    "vault-imports-web": ("vault/clock.py", "import web.config", "house"),
    "policies-import-vault": ("policies/model.py", "import vault.clock", "house"),
    "policies-import-audit": ("policies/model.py", "import audit.events", "house"),
    "audit-imports-policies": ("audit/events.py", "import policies.errors", "house"),
    "audit-imports-vault": ("audit/events.py", "import vault.ids", "house"),
    "vault-knows-http": ("vault/records.py", "import flask", "http"),
    "vault-knows-the-command-line": ("vault/records.py", "import click", "http"),
    "policies-reach-a-database": ("policies/model.py", "import sqlalchemy", "policies"),
    "policies-reach-a-cipher": ("policies/model.py", "import cryptography", "policies"),
    "verifier-reaches-a-database": ("audit/verify.py", "import sqlalchemy", "verifier"),
    "verifier-reaches-a-database-indirectly": ("audit/tree.py", "import sqlalchemy", "verifier"),
    "the-client-for-services-reaches-the-vault": ("web/client/model.py", "import vault.ids", "client"),
    "the-client-for-services-needs-the-server": ("web/client/model.py", "import web.config", "client"),
    "the-connector-reaches-the-vault": ("web/connector/jobs.py", "import vault.ids", "connector"),
    "web-reaches-tables": ("web/config.py", "import vault.models", "door"),
    "web-reaches-the-logs-tables": ("web/config.py", "import audit.models", "door"),
    "web-reaches-our-ciphers": ("web/config.py", "import vault.crypto.seal", "door"),
    "web-reaches-ciphers": ("web/config.py", "import cryptography", "door"),
    "a-question-reaches-the-reads": ("vault/access/question.py", "import vault.access.shared", "access-floors"),
    "a-thing-reaches-the-door": ("vault/grants/changing.py", "import vault.access", "vault-floors"),
    "a-part-of-requests-is-used-beside-its-package": ("web/pages/spoken.py", "import vault.requests.asking", "parts"),
    "a-view-of-grants-changes-one": ("vault/grants/views.py", "import vault.grants.changing", "grants-floors"),
    "a-view-of-requests-asks": ("vault/requests/views.py", "import vault.requests.asking", "requests-floors"),
    "a-step-of-a-case-answers-it": ("vault/cases/steps.py", "import vault.cases.working", "cases-floors"),
    "an-emergency-seen-is-judged": (
        "vault/emergencies/views.py",
        "import vault.emergencies.following",
        "emergencies-floors",
    ),
    "a-rule-of-the-watchers-keeps-findings": (
        "vault/watching/rules/base.py",
        "import vault.watching.keeping",
        "watching-floors",
    ),
    "a-format-reaches-the-store": ("audit/tree.py", "import audit.store", "audit-floors"),
    "a-model-reaches-the-engine": ("policies/model.py", "import policies.engine", "policies-floors"),
}


def _files(root: Path, pattern: str) -> list[Path]:
    """Our own files below *root* that match *pattern*, without what tools have put beside them."""
    tops = [path for path in root.iterdir() if path.name[0] != "." and path.name not in NOT_OURS]
    below = (path for top in tops for path in ([top] if top.is_file() else top.rglob(pattern)) if path.is_file())
    return [path for path in below if path.match(pattern) and not NOT_OURS.intersection(path.relative_to(root).parts)]


def _contracts(root: Path, *names: str) -> "subprocess.CompletedProcess[str]":
    chosen = [part for name in names for part in ("--contract", name)]
    command: list[str | Path] = [Path(sys.executable).with_name("lint-imports"), "--no-cache", "--no-logo", *chosen]
    return subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def copied_house(root: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The four packages' Python files and the contracts, in a folder where harm may be done."""
    copy = tmp_path_factory.mktemp("house")
    shutil.copy(root / "pyproject.toml", copy)
    for package in PACKAGES:
        for path in _files(root / package, "*.py"):
            target = copy / path.relative_to(root)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    return copy


def test_every_contract_of_the_house_holds(root: Path) -> None:
    answer = _contracts(root)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(("place", "line", "contract"), PLANTED.values(), ids=PLANTED)
def test_a_planted_import_breaks_its_contract(copied_house: Path, place: str, line: str, contract: str) -> None:
    victim = copied_house / place
    before = victim.read_text(encoding="utf-8")
    victim.write_text(f"{before}\n{line}\n", encoding="utf-8")
    try:
        answer = _contracts(copied_house, contract)
    finally:
        victim.write_text(before, encoding="utf-8")
    assert answer.returncode == 1, answer.stderr
    assert "0 kept, 1 broken" in answer.stdout


def test_a_module_without_a_floor_breaks_the_house(copied_house: Path) -> None:
    stray = copied_house / "vault" / "stray.py"
    stray.write_text('"""Nobody knows where this belongs."""\n', encoding="utf-8")
    try:
        answer = _contracts(copied_house, "vault-floors")
    finally:
        stray.unlink()
    assert "vault.stray" in answer.stdout
    assert answer.returncode == 1


def test_every_contract_is_broken_by_some_planted_line(root: Path) -> None:
    contracts = _pyproject(root)["tool"]["importlinter"]["contracts"]
    assert {contract["id"] for contract in contracts} == {contract for _, _, contract in PLANTED.values()}


@pytest.mark.parametrize("package", ALLOWED)
def test_inner_packages_use_only_what_they_are_allowed(package: str) -> None:
    graph = grimp.build_graph(*PACKAGES, include_external_packages=True, cache_dir=None)
    ours = {package, *graph.find_descendants(package)}
    used = {name.split(".")[0] for module in ours for name in graph.find_modules_directly_imported_by(module)}
    assert used - sys.stdlib_module_names - {package} <= ALLOWED[package]


def test_code_lives_in_five_folders_only(root: Path) -> None:
    assert {path.relative_to(root).parts[0] for path in _files(root, "*.py")} <= FOLDERS


def test_no_file_of_the_house_holds_two_things(root: Path) -> None:
    lengths = {path: len(path.read_text(encoding="utf-8").splitlines()) for path in _files(root, "*.py")}
    too_long = [f"{path.relative_to(root)}: {lines}" for path, lines in lengths.items() if lines > MOST_LINES]
    assert too_long == []


def test_every_lint_exception_has_its_reason(root: Path) -> None:
    bare = [
        f"{path.relative_to(root)}:{number}"
        for path in _files(root, "*.py")
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1)
        if EXCEPTION_ALONE.search(line)
    ]
    assert bare == []


def _pyproject(root: Path) -> dict[str, Any]:
    return tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))
