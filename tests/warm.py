"""
Commands of ``citizen-vault``, each a real process, forked from one that has read the program already.

Reading the program takes a server and its sequencer three seconds of work, which fifty servers need not do again.
"""

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

READ: Final = ("web.cli.root", "web.cli.serve", "web.cli.sequencing", "web.cli.worker", "web.app")

_forks = multiprocessing.get_context("forkserver")
_forks.set_forkserver_preload(list(READ))


def start(environment: Mapping[str, str], printed: Path, *arguments: str) -> Any:
    """``citizen-vault`` *arguments*, begun and left to run, as a `multiprocessing.Process`; it prints to *printed*."""
    process = _forks.Process(target=_run, args=(dict(environment), printed, arguments))
    process.start()
    return process


class _Forked:
    """A command of ours that a server starts: `subprocess.Popen` as far as a server that is killed needs it."""

    def __init__(self, command: Sequence[str], *, start_new_session: bool) -> None:
        if list(command[:3]) != [sys.executable, "-m", "web.cli"] or not start_new_session:
            raise ValueError(f"only `citizen-vault` in a session of its own is started here, not {command}")
        self.pid = os.fork()
        if self.pid == 0:
            try:
                os.setsid()
                _main(command[3:])
            finally:
                os._exit(1)


def _run(environment: Mapping[str, str], printed: Path, arguments: Sequence[str]) -> None:
    os.setsid()
    words = os.open(printed, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    for stream in (1, 2):
        os.dup2(words, stream)
    os.environ.clear()
    os.environ.update(environment)
    subprocess.Popen = _Forked  # type: ignore[misc,assignment]
    _main(arguments)


def _main(arguments: Sequence[str]) -> None:
    from web.cli.root import main  # noqa: PLC0415 -- only the forked processes read the program

    main(list(arguments))
