"""
Ports of this machine for servers that tests start as processes of their own.

Whoever lets the kernel choose a port, gives it back and hands its number to a server loses it now and then to somebody
else's connection or to the other test process. So these ports are none that the kernel gives to connections, and each
is claimed once in a run.
"""

import os
import socket
from pathlib import Path
from typing import Final

from tests.databases import RUN

FIRST: Final = 10_000
_RANGE: Final = Path("/proc/sys/net/ipv4/ip_local_port_range")  # from where to where the kernel gives ports
_LOWEST_GIVEN: Final = 32_768  # Linux's own, for where it cannot be read


class NoPortError(RuntimeError):
    """Every port that may be claimed is taken."""


def free_port() -> int:
    """
    A port that nobody listens at, and that no other test of this run gets.

    Raises:
        NoPortError: There is none.
    """
    last = int(_RANGE.read_text(encoding="ascii").split()[0]) if _RANGE.exists() else _LOWEST_GIVEN
    number = max(last - FIRST, 1)
    begin = os.getpid() * 97 % number  # runs beside this one begin elsewhere
    for port in (FIRST + (begin + step) % number for step in range(number)):
        if _is_free(port) and _claimed(port):
            return port
    raise NoPortError(f"no port is free between {FIRST} and {last}")


def _is_free(port: int) -> bool:
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            line.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _claimed(port: int) -> bool:
    if RUN not in os.environ:  # a single program: nobody else claims
        return True
    try:
        Path(os.environ[RUN], f"port-{port}").touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
