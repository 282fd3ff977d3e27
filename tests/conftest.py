"""What every test may ask for: the real input, and a fresh database of each kind. The network is off."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

from tests import databases, network, statements

REALDATA = "CITIZEN_VAULT_REALDATA"
OUR_FOLDER = pytest.StashKey[str]()  # only who made the run's folder deletes it: a test may run tests of its own

network.switch_off()
statements.keep_compiled()
hypothesis.settings.register_profile("house", deadline=None, print_blob=True)
hypothesis.settings.load_profile("house")


def _open_data(config: pytest.Config) -> Path:
    return config.rootpath.parent / "shared" / "data" / "open"


def _is_worker(config: pytest.Config) -> bool:
    return hasattr(config, "workerinput")


def pytest_configure(config: pytest.Config) -> None:
    """Open the run's folder, and refuse to begin without the real input where it is demanded."""
    if _is_worker(config):
        return
    if os.environ.get(REALDATA) == "required" and not _open_data(config).is_dir():
        message = f"{REALDATA}=required, and there is no folder {_open_data(config)}"
        raise pytest.UsageError(message)
    config.stash[OUR_FOLDER] = os.environ[databases.RUN] = tempfile.mkdtemp(prefix="vault-run-")
    os.environ[databases.PROCESS] = str(os.getpid())


def pytest_unconfigure(config: pytest.Config) -> None:
    """Delete the run's folder; the server's keeper sees to its own."""
    if OUR_FOLDER in config.stash:
        shutil.rmtree(config.stash[OUR_FOLDER], ignore_errors=True)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave out what reads the real input where there is none."""
    if _open_data(config).is_dir():
        return
    left_out = [item for item in items if item.get_closest_marker("realdata")]
    config.hook.pytest_deselected(items=left_out)
    items[:] = [item for item in items if not item.get_closest_marker("realdata")]


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Say so when the real input was left out."""
    if not _open_data(config).is_dir():
        notice = "NOTICE: no ../shared/data/open beside this folder: tests on real input (mark realdata) were left out"
        terminalreporter.write_line(notice, yellow=True, bold=True)


@pytest.fixture(scope="session")
def shared_data(pytestconfig: pytest.Config) -> Path:
    """The folder of real input, ``../shared/data/open``; for tests marked ``realdata``."""
    return _open_data(pytestconfig)


@pytest.fixture(scope="session")
def root(pytestconfig: pytest.Config) -> Path:
    """The project's root folder."""
    return pytestconfig.rootpath


@pytest.fixture
def sqlite_url(tmp_path: Path) -> Iterator[str]:
    """A fresh, migrated SQLite database."""
    with databases.sqlite(tmp_path) as url:
        yield url


@pytest.fixture
def postgresql_url() -> Iterator[str]:
    """A fresh, migrated PostgreSQL database."""
    with databases.postgresql() as url:
        yield url


@pytest.fixture
def empty_postgresql_url() -> Iterator[str]:
    """A PostgreSQL database without a table, for migrations."""
    with databases.bare_postgresql() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """A fresh, migrated database: the test runs once on SQLite and once on PostgreSQL."""
    url: str = request.getfixturevalue(f"{request.param}_url")
    return url
