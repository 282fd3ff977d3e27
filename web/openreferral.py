"""Open Referral UK (HSDS-UK 3): the services that a directory lists, read from its API's answers as files or pages.

A file holds one service, a list of services, or a page (``contents``). What it says is public text by strangers: it is
cut to length and to plain characters, and links are kept where they begin with http.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode

from vault.listed import Words
from web.faults import WebError
from web.outgoing_http import AddressRefusedError, NoAnswerError, OutgoingHttp

MOST_BYTES: Final = 16 * 1024 * 1024
MOST_PAGES: Final = 1000
NAME_MOST: Final = 100
WHAT_FOR_MOST: Final = 500
ID_MOST: Final = 200
OK: Final = 200


class DirectoryUnreadableError(WebError):
    """A directory's file or answer is not Open Referral UK; the message says where."""

    code = "directory_unreadable"


def from_file(path: Path) -> list[Words]:
    """
    The services in a file.

    Raises:
        DirectoryUnreadableError: It cannot be read as such.
    """
    if path.stat().st_size > MOST_BYTES:
        raise DirectoryUnreadableError(f"`{path.name}` is longer than {MOST_BYTES:,} bytes")
    return _services(path.read_bytes(), where=f"`{path.name}`")[0]


def from_address(address: str, http: OutgoingHttp) -> Iterator[Words]:
    """
    The services at a directory's ``/services``, page after page.

    Raises:
        DirectoryUnreadableError: The address may not be called, does not answer, or not with services.
    """
    for number in range(1, MOST_PAGES + 1):
        where = f"page {number}"
        try:
            query = urlencode({"page": number})
            answer = http.call("GET", f"{address}?{query}", headers={"Accept": "application/json"}, most=MOST_BYTES)
        except (AddressRefusedError, NoAnswerError) as error:
            raise DirectoryUnreadableError(f"{where} of the directory cannot be had: {error}") from None
        if answer.status != OK:
            raise DirectoryUnreadableError(f"{where} of the directory was answered with {answer.status}")
        found, is_last = _services(answer.body, where=where)
        yield from found
        if is_last:
            return
    raise DirectoryUnreadableError(f"the directory has more than {MOST_PAGES} pages")


def _services(body: bytes, *, where: str) -> tuple[list[Words], bool]:
    """The services in one answer, and whether there is none after it."""
    try:
        held = json.loads(body)
    except ValueError:
        raise DirectoryUnreadableError(f"{where} is not JSON") from None
    is_page = isinstance(held, dict) and "contents" in held
    rows = held["contents"] if is_page else held if isinstance(held, list) else [held]
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        raise DirectoryUnreadableError(f"{where} holds no services")
    is_last = not is_page or bool(held.get("last_page", True)) or not rows
    return [_words(row, f"{where}, service {number}") for number, row in enumerate(rows, 1)], is_last


def _words(row: Mapping[str, Any], where: str) -> Words:
    name, external_id = _plain(row.get("name"), NAME_MOST), _plain(row.get("id"), ID_MOST)
    if not name or not external_id or "status" not in row:
        raise DirectoryUnreadableError(f"{where} has no `id`, `name` or `status`: it is no service of Open Referral UK")
    owner = row.get("organization")
    url = _plain(row.get("url"), WHAT_FOR_MOST)
    return Words(
        external_id=external_id,
        name=name,
        what_for=_plain(row.get("description"), WHAT_FOR_MOST),
        organisation=_plain(owner.get("name"), NAME_MOST) if isinstance(owner, dict) else "",
        url=url if url.startswith(("https://", "http://")) else "",
        is_listed=row["status"] == "active",
    )


def _plain(value: object, most: int) -> str:
    """Text on one line of at most *most* characters, cut at a word."""
    text = (
        " ".join("".join(one if one.isprintable() else " " for one in value).split()) if isinstance(value, str) else ""
    )
    return text if len(text) <= most else text[: most - 1].rsplit(" ", 1)[0] + "…"
