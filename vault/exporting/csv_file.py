"""The tables: a zip with one CSV file a category (RFC 4180), which opens in a spreadsheet and runs nothing there.

A cell that a spreadsheet would take for a formula begins with an apostrophe (OWASP, CSV injection).
"""

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import astuple, fields
from datetime import datetime
from typing import Any, Final

import orjson

from vault.catalogue import CATALOGUE
from vault.exporting.content import ALWAYS_SAID, Content, Item, Look, Share, Told

_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%", "＝", "＋", "－", "＠")  # noqa: RUF001 -- the wide forms are formulas too
_SOURCE: Final = ("status", "as of", "received", "from", "system", "version", "id")
_BOM: Final = "\ufeff"
"""Without it, Excel reads UTF-8 as something else and breaks ŵ and ŷ."""
_ZIP_BEGINS: Final = 1980


def to_csv(content: Content) -> bytes:
    """*content* as a zip of CSV files: one a category and list that is in it, and what is left out."""
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as bundle:
        for name, rows in _tables(content):
            entry = zipfile.ZipInfo(f"{name}.csv", date_time=_zip_time(content.made_at))
            entry.compress_type = zipfile.ZIP_DEFLATED
            bundle.writestr(entry, _table(rows))
    return held.getvalue()


def safe(value: Any) -> str:  # noqa: ANN401 -- any JSON value
    """*value* as the text of a cell that no spreadsheet runs."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(timespec="seconds").replace("+00:00", "Z")
    text = value if isinstance(value, str) else _text(value)
    text = text.replace("\0", "")
    return f"'{text}" if text.lstrip(" \u00a0\u200b\ufeff").startswith(_FORMULA) else text


def _text(value: Any) -> str:  # noqa: ANN401 -- any JSON value
    if isinstance(value, tuple):
        return "; ".join(map(str, value))
    if isinstance(value, bytes):
        return value.hex()
    return orjson.dumps(value).decode() if isinstance(value, dict | list | bool) else str(value)


def _tables(content: Content) -> Iterable[tuple[str, list[Sequence[Any]]]]:
    yield "about-this-copy", [["What is left out of every copy"], *([each] for each in ALWAYS_SAID)]
    for category in CATALOGUE.categories:
        items = [each for each in content.items if each.category == category.name]
        if items:
            yield category.name, _rows(items)
    lists: tuple[tuple[str, type[Any], tuple[Any, ...] | None], ...] = (
        ("sharing", Share, content.shares),
        ("told-us", Told, content.told),
        ("who-looked", Look, content.looks),
    )
    for name, kind, given in lists:
        if given is not None:
            heads = [each.name.replace("_", " ") for each in fields(kind)]
            yield name, [heads, *(astuple(each) for each in given)]


def _rows(items: Sequence[Item]) -> list[Sequence[Any]]:
    names = [each.name for each in CATALOGUE.category(items[0].category).fields]
    used = [name for name in names if any(name in item.fields for item in items)]
    rows: list[Sequence[Any]] = [[*(CATALOGUE.field(name).words for name in used), *_SOURCE]]
    rows.extend([*(item.fields.get(name) for name in used), *_source(item)] for item in items)
    return rows


def _source(item: Item) -> list[Any]:
    return [
        str(item.status),
        item.as_of,
        item.received_at,
        item.organisation,
        item.system,
        item.version,
        str(item.record_id),
    ]


def _table(rows: Iterable[Sequence[Any]]) -> bytes:
    text = io.StringIO()
    text.write(_BOM)
    csv.writer(text, lineterminator="\r\n").writerows([safe(cell) for cell in row] for row in rows)
    return text.getvalue().encode("utf-8", "replace")


def _zip_time(moment: datetime) -> tuple[int, int, int, int, int, int]:
    return (max(moment.year, _ZIP_BEGINS), moment.month, moment.day, moment.hour, moment.minute, moment.second)
