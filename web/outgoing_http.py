"""Calling addresses that services registered: never into a network of our own, never along a redirect, never for long.

Who registers an address chooses where this server speaks to (server-side request forgery, OWASP A10:2021). So a name is
resolved once, every address it has must be public or in a network that the operator listed, and the connection goes to
the very address that was judged: a name that means something else a moment later gains nothing. What is sent is sent
byte for byte, so that a caller can sign headers and body beforehand (RFC 9421).
"""

import ipaddress
import socket
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from threading import Event, Timer
from typing import Final
from urllib.parse import SplitResult, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

WAIT: Final = urllib3.Timeout(connect=3.0, read=5.0)  # seconds, the second for each piece of the answer
LASTS: Final = 10.0  # seconds: for the whole answer
MOST: Final = 64 * 1024  # bytes of an answer
LONGEST_ADDRESS: Final = 2000  # characters
_PORTS: Final = {"https": 443, "http": 80}

Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Ip = ipaddress.IPv4Address | ipaddress.IPv6Address

_THIS_MACHINE: Final = ipaddress.IPv4Address("127.0.0.1")
_EMBEDDED: Final[Sequence[ipaddress.IPv6Network]] = (
    ipaddress.IPv6Network("64:ff9b::/96"),  # RFC 6052: an IPv4 address behind a translator
    ipaddress.IPv6Network("64:ff9b:1::/48"),  # RFC 8215
    ipaddress.IPv6Network("2002::/16"),  # RFC 3056
    ipaddress.IPv6Network("2001::/32"),  # RFC 4380
    ipaddress.IPv6Network("::/96"),  # RFC 4291, section 2.5.5.1
)
"""Ranges whose addresses carry another one, which may be private."""


class AddressRefusedError(Exception):
    """The address is none that this server may call; the message says why and leaves the address out."""


class NoAnswerError(Exception):
    """Nobody answered there in time, or not in HTTP; the message names the kind of failure alone."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: at most `MOST` bytes, or as many as the caller takes."""

    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class OutgoingHttp:
    """The one way out to addresses that others named."""

    networks: tuple[Network, ...] = ()
    """Networks that are not public and may be called all the same: the operator's own list."""
    lasts: float = LASTS
    """How many seconds a call may last once it is connected, however slowly the answer comes."""

    def check(self, address: str) -> SplitResult:
        """
        The parts of *address*, where its form is one that may be called; its name is not looked up.

        Raises:
            AddressRefusedError: It is not https (http to a listed network), has no host, or carries a name, a password
                or a fragment.
        """
        try:
            given = urlsplit(address)
            _ = given.port
        except ValueError:
            raise AddressRefusedError("it is not an address") from None
        if len(address) > LONGEST_ADDRESS or not address.isascii() or not address.isprintable() or " " in address:
            raise AddressRefusedError("it is not an address of reasonable length")
        if not given.hostname or given.username is not None or given.password is not None or given.fragment:
            raise AddressRefusedError("it has no host, or carries a name, a password or a fragment")
        literal = _literal(given.hostname)
        listed = literal is not None and self._is_listed(literal)
        if given.scheme != "https" and not (given.scheme == "http" and listed):
            raise AddressRefusedError("it does not begin with https://")
        if literal is not None and not listed and not _is_public(literal):
            raise AddressRefusedError("it is in a network that is not public")
        return given

    def call(
        self, method: str, address: str, *, headers: Mapping[str, str], body: bytes = b"", most: int = MOST
    ) -> Answer:
        """
        Call *address* once, and return whatever was answered; a redirect is an answer like any other.

        Args:
            method: ``GET``, ``POST`` …
            address: As `check` takes it.
            headers: Sent as they are, beside ``Host`` and ``Content-Length``.
            body: Sent as it is.
            most: The most bytes of the answer's body that are taken.

        Raises:
            AddressRefusedError: Its form, or an address its name has, is none that may be called.
            NoAnswerError: There was no answer in time, or one that is too long.
        """
        given = self.check(address)
        port = given.port or _PORTS[given.scheme]
        found = self._resolved(given.hostname or "", port)
        target = (given.path or "/") + (f"?{given.query}" if given.query else "")
        with _pool(given, found, port) as pool, _ended_after(self.lasts, pool) as is_over:
            try:
                answer = pool.request(
                    method,
                    target,
                    body=body,
                    headers={"Host": given.netloc, "User-Agent": "citizen-vault", **headers},
                    redirect=False,
                    retries=False,
                    preload_content=False,
                )
                try:
                    said: bytes = answer.read(most + 1, decode_content=True)
                finally:
                    answer.close()
            except (HTTPError, OSError) as error:
                raise NoAnswerError(type(error).__name__) from None
        if is_over.is_set():  # what came until then may look whole
            raise NoAnswerError("the answer took too long")
        if len(said) > most:
            raise NoAnswerError("the answer is too long")
        return Answer(answer.status, dict(answer.headers), said)

    def _resolved(self, host: str, port: int) -> _Ip:
        """The first address of *host*, once every one of them may be called."""
        try:
            listed = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError):
            raise NoAnswerError("the name has no address") from None
        found = [ipaddress.ip_address(str(each[4][0]).partition("%")[0]) for each in listed]
        if not found or not all(_is_public(each) or self._is_listed(each) for each in found):
            raise AddressRefusedError("it is in a network that is not public")
        return found[0]

    def _is_listed(self, found: _Ip) -> bool:
        return any(found in network for network in self.networks if network.version == found.version)


def _pool(given: SplitResult, found: _Ip, port: int) -> urllib3.HTTPConnectionPool:
    """A connection to *found* itself, whose certificate must be that of the name that was asked for."""
    if given.scheme == "http":
        return urllib3.HTTPConnectionPool(str(found), port, timeout=WAIT)
    return urllib3.HTTPSConnectionPool(
        str(found), port, timeout=WAIT, server_hostname=given.hostname, assert_hostname=given.hostname
    )


@contextmanager
def _ended_after(seconds: float, pool: urllib3.HTTPConnectionPool) -> Iterator[Event]:
    """Cut the connections of *pool* off when so many seconds have passed, and say whether that happened."""
    made: list[urllib3.connection.HTTPConnection] = []
    is_over = Event()

    class Watched(pool.ConnectionCls):  # type: ignore[misc,name-defined] # plain or TLS, as the pool has it
        def connect(self) -> None:
            made.append(self)
            super().connect()

    def cut() -> None:
        is_over.set()
        for each in made:
            with suppress(OSError):
                if each.sock is not None:
                    # DANGER: not the method of a TLS socket, which would turn what is read next into plain text.
                    socket.socket.shutdown(each.sock, socket.SHUT_RDWR)

    pool.ConnectionCls = Watched
    timer = Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield is_over
    finally:
        timer.cancel()


def _literal(host: str) -> _Ip | None:
    if host == "localhost" or host.endswith(".localhost"):  # RFC 6761, section 6.3: this machine, whoever is asked
        return _THIS_MACHINE
    try:
        return ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return None


def _is_public(found: _Ip) -> bool:
    """Whether *found* is one host on the public internet (IANA special-purpose registries)."""
    if isinstance(found, ipaddress.IPv6Address):
        if found.ipv4_mapped is not None:
            return _is_public(found.ipv4_mapped)
        if any(found in network for network in _EMBEDDED):
            return False
        if found.is_site_local:  # RFC 3879: deprecated, and never public
            return False
    return found.is_global and not found.is_multicast
