"""``python -m tests.killed_sequencer URL FOLDER KEY``: a sequencer killed by SIGKILL before each of its writes in turn.

One process that forks a writer and sequencer for each write, so that what is killed is a real process and starting it
costs nothing. A kill before one write is a kill after the one before it. Prints how often it was killed.
"""

import os
import signal
import sys
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tests.faults import ending_at, kill_it
from tests.log_world import LogWorld
from vault.db import Database


def life(url: str, folder: Path, key: Ed25519PrivateKey, step: int) -> None:
    """Write two leaves, then sequence until the write number *step*."""
    log = LogWorld(Database(url), folder, key=key)
    log.now += step * 1000
    log.write(2)
    with ending_at(log.database.write, step, after=False, end=kill_it):
        log.sequence()


def main(url: str, folder: str, seed: str) -> int:
    """Kill it at every write; return how often that was."""
    key = Ed25519PrivateKey.from_private_bytes(bytes.fromhex(seed))
    killed = 0
    while True:
        child = os.fork()
        if child == 0:
            life(url, Path(folder), key, killed + 1)
            os._exit(0)
        status = os.waitpid(child, 0)[1]
        if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL:
            killed += 1
        elif os.waitstatus_to_exitcode(status) == 0:
            return killed
        else:
            sys.exit(1)


if __name__ == "__main__":
    sys.stdout.write(f"{main(*sys.argv[1:])}\n")
