"""The network is off in tests: this process may speak to this machine and to nobody else."""

import ipaddress
import sys
from typing import Any, Final

LOCAL_NAMES: Final = frozenset({"", "localhost"})


class NetworkIsOffError(RuntimeError):
    """A test tried to reach another machine."""


def is_local(host: object) -> bool:
    """Whether *host*, as text or bytes, is this machine; no host at all means this machine too."""
    name = host.decode("ascii", "replace") if isinstance(host, bytes | bytearray) else host
    if name is None or name in LOCAL_NAMES:
        return True
    try:
        return ipaddress.ip_address(str(name)).is_loopback
    except ValueError:
        return False


def _refuse(event: str, details: tuple[Any, ...]) -> None:
    if event == "socket.getaddrinfo" and not is_local(details[0]):
        message = f"tests may not look up `{details[0]!r}`"
        raise NetworkIsOffError(message)
    if event in {"socket.connect", "socket.sendto"} and isinstance(details[1], tuple) and not is_local(details[1][0]):
        message = f"tests may not speak to `{details[1][0]!r}`"
        raise NetworkIsOffError(message)


def switch_off() -> None:
    """Refuse every connection and look-up beyond this machine, until the process ends; nothing can take this back."""
    sys.addaudithook(_refuse)
