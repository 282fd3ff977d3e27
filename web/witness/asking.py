"""Asking witnesses over HTTP: who they are and where, by a file that the operator keeps.

Each line is a witness's verifier key and its address, such as
``witness.example.org/w1+1a2b3c4d+BAbc… https://witness.example.org``; a line ``quorum 2`` says how many of them a head
needs (all of them, where it is not said). Empty lines and lines that begin with ``#`` are passed over.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

import urllib3

from audit.cosignature import Cosigner, Quorum
from audit.errors import CheckpointInvalidError
from audit.witnessing import Conflict, Cosigned, Link, NotCosigned
from web.config import LOCAL_HOSTS
from web.faults import SettingError

PATIENCE: Final = urllib3.Timeout(connect=5, read=10)
ANSWER_MOST: Final = 64 * 1024  # bytes
_QUORUM: Final = re.compile(r"quorum ([1-9][0-9]?)")
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_REFUSED: Final = frozenset({HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY})


@dataclass(frozen=True, slots=True)
class Witnesses:
    """The witnesses of this log, how each is asked, and how many of them a head needs."""

    quorum: Quorum
    links: tuple[Link, ...]


def read(path: str) -> Witnesses | None:
    """
    The witnesses that the file at *path* names; None where *path* is empty.

    Raises:
        SettingError: It cannot be read, or a line is not right.
    """
    if not path:
        return None
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingError(f"the list of witnesses `{path}` cannot be read") from error
    said = [line.strip() for line in lines if line.strip() and not line.strip().startswith("#")]
    needed = [int(found[1]) for line in said if (found := _QUORUM.fullmatch(line))]
    pool = urllib3.PoolManager(timeout=PATIENCE, retries=False)
    links = tuple(_link(line, pool.request) for line in said if not _QUORUM.fullmatch(line))
    cosigners = tuple(link.cosigner for link in links)
    if not links or len(needed) > 1 or len({each.name for each in cosigners}) != len(links):
        raise SettingError(f"the list of witnesses `{path}` names no witness, one of them twice, or two quorums")
    if needed and needed[0] > len(links):
        raise SettingError(f"the list of witnesses `{path}` needs more witnesses than it names")
    return Witnesses(Quorum(needed[0] if needed else len(links), cosigners), links)


def _link(line: str, request: Callable[..., urllib3.BaseHTTPResponse]) -> Link:
    key, _, address = line.partition(" ")
    given = urlsplit(address.strip())
    is_safe = given.scheme == "https" or (given.scheme == "http" and given.hostname in LOCAL_HOSTS)
    try:
        cosigner = Cosigner.parse(key)
    except CheckpointInvalidError as error:
        raise SettingError("a witness is named by the key that `citizen-vault witness init` printed") from error
    if not is_safe or not given.hostname or given.query or given.fragment:
        raise SettingError(f"the address of witness `{cosigner.name}` begins with `https://`")
    return Link(cosigner, partial(_ask, request, address.strip().rstrip("/") + "/add-checkpoint"))


def _ask(
    request: Callable[..., urllib3.BaseHTTPResponse], address: str, body: bytes
) -> Cosigned | Conflict | NotCosigned:
    try:
        answer = request("POST", address, body=body, redirect=False, preload_content=False)
        said = answer.read(ANSWER_MOST + 1)
        answer.release_conn()
    except urllib3.exceptions.HTTPError as error:
        return NotCosigned(f"it could not be reached ({type(error).__name__})", final=False)
    size = _SIZE.fullmatch(said)
    if answer.status == HTTPStatus.CONFLICT and size:
        return Conflict(int(size[1]))
    if answer.status == HTTPStatus.OK and len(said) <= ANSWER_MOST:
        return Cosigned(said.decode("utf-8", "replace"))
    return NotCosigned(f"it answered with status {answer.status}", final=answer.status in _REFUSED)
