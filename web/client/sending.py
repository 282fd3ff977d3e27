"""HTTP as a client of the vault speaks it: https or this machine, no redirects, no retries, answers bounded."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.exceptions import HTTPError

from web.client import errors

WAIT: Final = urllib3.Timeout(connect=5.0, read=60.0)  # seconds
MOST: Final = 64 * 1024 * 1024  # bytes of an answer that is held whole
LONGEST_LINE: Final = 16 * 1024 * 1024  # bytes
CHUNK: Final = 64 * 1024
FIRST_NO: Final = 400
HERE: Final = frozenset({"localhost", "127.0.0.1", "::1"})
FORM: Final = "application/x-www-form-urlencoded"
JSON: Final = "application/json"

Body = bytes | Path | None
"""What is sent: bytes, or the file at a path."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:
        """The body as a JSON object; raises `AnswerUnsoundError`."""
        try:
            held = json.loads(self.body)
        except ValueError:
            held = None
        if not isinstance(held, dict):
            raise errors.AnswerUnsoundError(f"the answer ({self.status}) is not a JSON object")
        return held


class Sender:
    """The way to one vault."""

    def __init__(self, issuer: str, *, ca_file: str | None = None) -> None:
        parts = urlsplit(issuer)
        if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in HERE):
            raise ValueError("the issuer begins with https://; plain http:// is for this machine only")
        self.issuer: Final = issuer.rstrip("/")
        self._pool = urllib3.PoolManager(timeout=WAIT, ca_certs=ca_file, retries=False)

    def send(self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: Body = None) -> Answer:
        """
        Call once; whatever is answered is returned. A path as *body* is sent as a stream.

        Raises:
            NoAnswerError: Nobody answered.
            AnswerUnsoundError: The answer is longer than `MOST`.
        """
        with self._opened(method, url, headers=headers, body=body) as answer:
            held: bytes = answer.read(MOST + 1, decode_content=True)
            if len(held) > MOST:
                raise errors.AnswerUnsoundError("the answer is too long to be held whole")
            return Answer(answer.status, answer.headers, held)

    def fetch(self, url: str, path: Path, *, headers: Mapping[str, str]) -> Answer:
        """
        Get a body into the file *path*, mode 0600, whole or not at all; another answer is returned with its body.

        Raises:
            NoAnswerError: Nobody answered, or not to the end.
        """
        with self._opened("GET", url, headers=headers, body=None) as answer:
            if answer.status != HTTPStatus.OK:
                return Answer(answer.status, answer.headers, answer.read(MOST, decode_content=True))
            beside = path.with_name(f".{path.name}.part")
            beside.unlink(missing_ok=True)  # a link, or open elsewhere: it is never written into
            try:
                with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                    for chunk in answer.stream(CHUNK, decode_content=True):
                        file.write(chunk)
                beside.replace(path)
            finally:
                beside.unlink(missing_ok=True)
            return Answer(answer.status, answer.headers, b"")

    def lines(self, url: str, *, headers: Mapping[str, str], body: bytes) -> Iterator[dict[str, Any]]:
        """Post, and read the answer line by line as it comes (NDJSON); raises as `send` and `check` do."""
        with self._opened("POST", url, headers=headers, body=body) as answer:
            if answer.status >= FIRST_NO:
                check(Answer(answer.status, answer.headers, answer.read(MOST, decode_content=True)))
            rest = b""
            for chunk in answer.stream(CHUNK, decode_content=True):
                *whole, rest = (rest + chunk).split(b"\n")
                if len(rest) > LONGEST_LINE:
                    raise errors.AnswerUnsoundError("a line is too long")
                yield from (Answer(answer.status, {}, line).json for line in whole if line)

    @contextmanager
    def _opened(
        self, method: str, url: str, *, headers: Mapping[str, str] | None, body: Body
    ) -> Iterator[urllib3.BaseHTTPResponse]:
        """An answer whose body is not read yet, and is let go at the end."""
        try:
            with body.open("rb") if isinstance(body, Path) else nullcontext(body) as sent:
                answer = self._pool.request(
                    method, url, headers=dict(headers or {}), body=sent, redirect=False, preload_content=False
                )
            try:
                yield answer
            finally:
                answer.close()
        except HTTPError as error:
            raise errors.NoAnswerError(f"no answer ({type(error).__name__})") from None


def form(members: Mapping[str, object]) -> bytes:
    """A form's body; members without a value are left out."""
    return urlencode({name: value for name, value in members.items() if value not in {None, ""}}).encode()


def check(answer: Answer) -> Answer:
    """*answer*, where it is a yes; raises the `ProblemError` of its code where it is a no."""
    if answer.status < FIRST_NO:
        return answer
    try:
        told = answer.json
    except errors.AnswerUnsoundError:
        told = {}
    code = str(told.get("code") or told.get("error") or "no_code")
    detail = str(told.get("detail") or told.get("error_description") or "")
    raise errors.problem(code, answer.status, detail, {**told, "retry_after": answer.headers.get("Retry-After")})
