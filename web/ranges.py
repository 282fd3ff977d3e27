"""A document as an answer: the whole or one range of it (RFC 9110, section 14), checked before its first byte leaves.

It is always handed over as a file to keep, of the kind that it was taken in as, and never shown as a page of ours.
"""

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Final
from urllib.parse import quote

from flask import Response
from werkzeug.datastructures import Headers
from werkzeug.http import parse_etags, parse_range_header

from vault.documents import Opened

_UNITS: Final = "bytes"
_LONGEST_NAME: Final = 80


@dataclass(frozen=True, slots=True)
class Asked:
    """What a request says of which part it wants, from its headers."""

    method: str
    range: str | None = None
    if_range: str | None = None
    known: tuple[str, ...] = field(default=())
    """The values of ``If-None-Match``."""

    @classmethod
    def of(cls, method: str, headers: Headers) -> "Asked":
        """What *headers* ask for."""
        known = headers.get("If-None-Match")
        return cls(method, headers.get("Range"), headers.get("If-Range"), (known,) if known else ())


def answer(opened: Opened, asked: Asked, *, tag: str, name: str, headers: Mapping[str, str]) -> Response:
    """
    The document, or the part that *asked* names, under the strong entity tag *tag*; raises as `Opened.check` does.

    Several ranges at once are answered with the whole (section 14.2). A range counts only for a GET, and only where
    ``If-Range`` is this very document's tag; what is not a range that can be read counts as none.
    """
    own = {**headers, "ETag": f'"{tag}"', "Accept-Ranges": _UNITS, "Cache-Control": "no-store"}
    if asked.known and parse_etags(", ".join(asked.known)).contains_weak(tag):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=own)
    size = opened.link.size
    part = _part(asked, tag, size)
    if part is None:
        opened.check(0, size)
        return _made(opened, asked, (0, size), HTTPStatus.OK, {**own, **_file(opened, name)})
    start, stop = part
    if start >= stop:
        unsatisfied = {**own, "Content-Range": f"{_UNITS} */{size}"}
        return Response(status=HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, headers=unsatisfied)
    opened.check(start, stop)
    own["Content-Range"] = f"{_UNITS} {start}-{stop - 1}/{size}"
    return _made(opened, asked, part, HTTPStatus.PARTIAL_CONTENT, {**own, **_file(opened, name)})


def _part(asked: Asked, tag: str, size: int) -> tuple[int, int] | None:
    """From where to where; empty where nothing of it is there; None for the whole."""
    if asked.method != "GET" or asked.range is None:
        return None
    if asked.if_range is not None and asked.if_range != f'"{tag}"':
        return None
    wanted = parse_range_header(asked.range)
    if wanted is None or wanted.units != _UNITS or len(wanted.ranges) != 1:
        return None
    start, stop = wanted.ranges[0]
    if start < 0:
        return max(size + start, 0), size
    return start, min(size, size if stop is None else stop)


def _made(
    opened: Opened, asked: Asked, part: tuple[int, int], status: HTTPStatus, headers: Mapping[str, str]
) -> Response:
    made = Response(_body(opened, asked, part), status=status, headers=dict(headers), mimetype=opened.link.media_type)
    made.content_length = part[1] - part[0]
    return made


def _body(opened: Opened, asked: Asked, part: tuple[int, int]) -> Iterator[bytes]:
    return iter(()) if asked.method == "HEAD" else opened.read(*part)


def _file(opened: Opened, name: str) -> dict[str, str]:
    """How it is handed over (RFC 6266): a file to keep. Should a browser show it all the same, it runs nothing."""
    ending = opened.link.ending
    wanted = quote(f"{_plain(opened.title) or name}.{ending}")
    return {
        "Content-Disposition": f"attachment; filename=\"{name}.{ending}\"; filename*=UTF-8''{wanted}",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "X-Content-Type-Options": "nosniff",
    }


def _plain(title: str) -> str:
    """*title* as the name of a file: letters and digits with single spaces, nothing that a shell or a disk minds."""
    kept = "".join(each if unicodedata.category(each)[0] in "LMN" else " " for each in title)
    return " ".join(kept.split())[:_LONGEST_NAME].strip()
