"""Several processes of this program that work for one: each is told what to do, and what comes back is in order.

They are begun afresh as ``python -m audit.processes`` with nothing but a socket to this process: a fork would take
with it locks and connections that threads of this one may hold. A process that dies, or cannot do its part, fails the
whole: what was not done is never taken as found good.
"""

import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from itertools import cycle, islice
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import Any, Final, Self, TypeVar

from audit.errors import WorkerFailedError

Item = TypeVar("Item")
Result = TypeVar("Result")

AT_ONCE: Final = 8
"""Items that are told to a process together."""
AHEAD: Final = 2
"""So many tellings wait at each process, so that none is idle while the answers of another are read."""


class Crew:
    """The processes; at their end by `close`, or as a context manager."""

    def __init__(self, size: int) -> None:
        """Begin *size* processes."""
        self._workers = [_Worker() for _ in range(size)]

    def each(self, act: Callable[[Item], Result], item: Item) -> list[Result]:
        """Have every process do *act* to *item* once.

        Raises:
            WorkerFailedError: One of them did not.
        """
        for worker in self._workers:
            worker.tell(act, [item])
        return [found for worker in self._workers for found in worker.answer()]

    def in_order(
        self, act: Callable[[Item], Result], items: Iterable[Item], *, at_once: int = AT_ONCE
    ) -> Iterator[Result]:
        """What *act* comes to for each of *items*, in their order; *act* is a function of a module, or partial of one.

        Raises:
            WorkerFailedError: A process died, or could not do its part.
        """
        turns, told, waiting = cycle(self._workers), iter(items), deque[_Worker]()
        while part := list(islice(told, at_once)):
            waiting.append(worker := next(turns))
            worker.tell(act, part)
            if len(waiting) > AHEAD * len(self._workers):
                yield from waiting.popleft().answer()
        while waiting:
            yield from waiting.popleft().answer()

    def close(self) -> None:
        """End every process."""
        for worker in self._workers:
            worker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()


@contextmanager
def crew_for(parts: int, *, worth: int) -> Iterator[Crew | None]:
    """A crew of one process a core, where there are so many *parts* that it is *worth* its start; else nobody."""
    cores = os.cpu_count() or 1
    if parts < worth or cores < 2:  # noqa: PLR2004 -- alone
        yield None
        return
    with Crew(cores) as crew:
        yield crew


class _Worker:
    def __init__(self) -> None:
        own, other = Pipe()
        command = [sys.executable, "-P", "-m", "audit.processes", str(other.fileno())]
        # What this process imports, that one finds: by the same path, and never from where it happens to stand.
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
        self._process = subprocess.Popen(command, pass_fds=[other.fileno()], stdin=subprocess.DEVNULL, env=environment)  # noqa: S603 -- this program
        other.close()
        self._connection: Connection = own

    def tell(self, act: Callable[[Any], Any], items: Sequence[Any]) -> None:
        with _or_failed():
            self._connection.send((act, items))

    def answer(self) -> list[Any]:
        with _or_failed():
            done, found = self._connection.recv()
        if not done:
            raise WorkerFailedError(f"a process that reads for this one could not do its part: {found}")
        return found  # type: ignore[no-any-return] # a list, by `work`

    def close(self) -> None:
        self._connection.close()  # it ends at the end of what it is told
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=1)
            return
        self._process.kill()
        self._process.wait()


@contextmanager
def _or_failed() -> Iterator[None]:
    try:
        yield
    except (EOFError, OSError) as error:
        raise WorkerFailedError("a process that reads for this one ended before its part was done") from error


def work(connection: Connection) -> None:
    """Do what is told until nobody is there to tell."""
    while True:
        try:
            act, items = connection.recv()
            found: tuple[bool, Any] = True, [act(each) for each in items]
        except (EOFError, ConnectionError):
            return
        except Exception as error:  # noqa: BLE001 -- whatever it is, the other side says that this failed
            found = False, type(error).__name__  # not its words: they may hold what was read
        connection.send(found)


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the process that told this one, which then ends it
    work(Connection(int(sys.argv[1])))
