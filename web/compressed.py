"""The files under ``/static``, sent compressed to browsers that take them so.

Only these files are: a page that holds a secret beside what somebody sent would tell the secret by its length (BREACH).
The compressed copies are made when the style is built.
"""

import mimetypes
from pathlib import Path
from typing import Final

from flask import Flask, Response, current_app, request

ENDING: Final = ".gz"


def init_app(app: Flask) -> None:
    """Let *app* answer for its static files through `send`."""
    app.view_functions["static"] = send


def send(filename: str) -> Response:
    """The static file *filename*: its compressed copy where there is one and the browser takes gzip (RFC 9110, 8.4)."""
    if not _takes_gzip() or not _has_copy(filename):
        answer = current_app.send_static_file(filename)
    else:
        answer = current_app.send_static_file(filename + ENDING)
        answer.headers["Content-Type"] = _type_of(filename)
        answer.headers["Content-Encoding"] = "gzip"
    answer.vary.add("Accept-Encoding")
    return answer


def _takes_gzip() -> bool:
    return request.accept_encodings["gzip"] > 0


def _has_copy(filename: str) -> bool:
    folder = Path(current_app.static_folder or "").resolve()
    copy = (folder / (filename + ENDING)).resolve()
    return copy.is_relative_to(folder) and copy.is_file()


def _type_of(filename: str) -> str:
    kind = mimetypes.guess_type(filename)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind
