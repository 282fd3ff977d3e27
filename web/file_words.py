"""A document's file in words: of which kind it is, and how large."""

from typing import Final

from flask import Flask
from flask_babel import format_decimal, lazy_gettext
from flask_babel import gettext as _

from vault.documents import DocumentLink

_KINDS: Final = {
    "application/pdf": lazy_gettext("PDF"),
    "image/jpeg": lazy_gettext("picture"),
    "image/png": lazy_gettext("picture"),
    "image/tiff": lazy_gettext("scanned picture"),
    "text/plain": lazy_gettext("text"),
}
_KILOBYTE: Final = 1000
_MEGABYTE: Final = 1000 * _KILOBYTE


def init_app(app: Flask) -> None:
    """Let templates say it."""
    app.jinja_env.filters["file_words"] = file_words


def file_words(link: DocumentLink) -> str:
    """Such as ``PDF, 1.2 MB``."""
    return f"{_KINDS[link.media_type]}, {_size(link.size)}"


def _size(size: int) -> str:
    if size >= _MEGABYTE:
        return str(_("%(number)s MB", number=format_decimal(round(size / _MEGABYTE, 1))))
    return str(_("%(number)s kB", number=format_decimal(max(1, round(size / _KILOBYTE)))))
