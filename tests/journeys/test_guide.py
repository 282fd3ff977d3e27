"""The guide for developers of services is true: every block of it runs, in order, against a sandbox that is served."""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path
from urllib.error import URLError

import pytest

from tests import guide

ROOT = Path(__file__).parents[2]
FIRST = "keys.py"
"""The program that comes before the service is registered."""


class Place:
    """A folder in which somebody follows the guide, with a port of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with closing(socket.create_server(("localhost", 0))) as free:
            self.port = str(free.getsockname()[1])
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        told = {name: value for name, value in os.environ.items() if not name.startswith("CITIZEN_VAULT_")}
        issuer = {"CITIZEN_VAULT_ISSUER": f"http://localhost:{self.port}"}
        self.environment = {**told, **issuer, "PATH": path, "PYTHONPATH": str(ROOT)}

    def sh(self, text: str) -> None:
        """Run lines of the shell."""
        done = subprocess.run(
            ["bash", "-euc", self._here(text)],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr

    def serve(self, text: str) -> "subprocess.Popen[bytes]":
        """Run the last line in the background, until it answers."""
        *before, last = self._here(text).strip().splitlines()
        lines = "\n".join([*before, f"exec {last}"])
        process = subprocess.Popen(["bash", "-euc", lines], cwd=self.folder, env=self.environment)
        until = time.monotonic() + 60
        while time.monotonic() < until:
            with suppress(URLError, ConnectionError):
                urllib.request.urlopen(f"http://localhost:{self.port}/readyz", timeout=5).close()
                return process
            assert process.poll() is None
            time.sleep(0.1)
        raise AssertionError("the sandbox did not answer in a minute")

    def run(self, name: str, text: str) -> str:
        """Run a program, and return what it prints."""
        path = self.folder / name
        path.write_text(self._here(text), encoding="utf-8")
        program = "node" if path.suffix == ".mjs" else sys.executable
        done = subprocess.run(
            [program, name],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _here(self, text: str) -> str:
        return text.replace(guide.PORT, self.port)


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """The guide followed up to its third chapter: a sandbox that is served, and a service registered in it."""
    here = Place(tmp_path_factory.mktemp("guide"))
    (here.folder / "node_modules").symlink_to(ROOT / "tests" / "node" / "node_modules")
    process = None
    try:
        for block in guide.blocks():
            if (block.language, block.name) == ("sh", "serve"):
                process = here.serve(block.text)
            elif block.language == "sh":
                here.sh(block.text)
            elif block.name == FIRST:
                here.run(block.name, block.text)
        yield here
    finally:
        if process is not None:
            process.terminate()
            process.wait(30)
        shutil.rmtree(here.folder / "sandbox", ignore_errors=True)


@pytest.mark.parametrize("name", [name for name in guide.programs() if name != FIRST])
def test_a_program_of_the_guide_prints_what_the_guide_says(place: Place, name: str) -> None:
    assert place.run(name, guide.programs()[name]) == guide.printed()[name]


def test_no_block_of_the_guide_goes_unexecuted() -> None:
    kinds = {block.language for block in guide.blocks()}
    assert kinds == {"sh", "python", "javascript", "text"}
    assert set(guide.printed()) == set(guide.programs()) - {FIRST}


def test_the_sandbox_says_on_every_page_that_nobody_is_real_and_lists_who_answers_how(place: Place) -> None:
    with urllib.request.urlopen(f"http://localhost:{place.port}/sandbox", timeout=10) as answer:
        page = answer.read().decode()
    assert "Sandbox: nobody here is real." in page
    for hint in ("ALL", "SOME", "NONE", "SILENT", "STOPS"):
        assert f"ref:sandbox:{hint}" in page
