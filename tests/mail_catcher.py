"""A mail server that keeps what it is given, written by others (aiosmtpd); it can be told to refuse."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.controller import Controller


@dataclass
class Catcher:
    """What arrived, as it was addressed, and whether to refuse the next."""

    port: int = 0
    refuses: bool = False
    caught: list[tuple[list[str], EmailMessage]] = field(default_factory=list)

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802 -- aiosmtpd's hook
        """Keep one mail."""
        if self.refuses:
            return "451 try again later"
        message = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(message, EmailMessage)
        self.caught.append((envelope.rcpt_tos, message))
        return "250 kept"


@contextmanager
def catching() -> Iterator[Catcher]:
    """A running mail server on this machine."""
    catcher = Catcher()
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        catcher.port = trial.getsockname()[1]
    controller = Controller(catcher, hostname="127.0.0.1", port=catcher.port)
    controller.start()
    try:
        yield catcher
    finally:
        controller.stop()
