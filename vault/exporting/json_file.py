"""The JSON file: everything, in the shape that ``export.schema.json`` describes (JSON Schema 2020-12)."""

from dataclasses import asdict
from datetime import datetime
from importlib.resources import files
from typing import Any, Final
from uuid import UUID

import orjson

from vault.catalogue import CATALOGUE
from vault.exporting.content import ALWAYS_SAID, VERSION, Content, Item, Look

SCHEMA_ID: Final = "urn:citizen-vault:export:1"


def schema() -> bytes:
    """The JSON Schema of the file, as bytes of JSON."""
    return files("vault.exporting").joinpath("export.schema.json").read_bytes()


def to_json(content: Content) -> bytes:
    """*content* as JSON: UTF-8, two spaces of indent, moments in UTC (RFC 3339)."""
    whole: dict[str, Any] = {
        "format": SCHEMA_ID,
        "version": VERSION,
        "made_at": _moment(content.made_at),
        "from": content.council,
        "left_out": list(ALWAYS_SAID),
        "items": [_item(each) for each in content.items],
    }
    if content.shares is not None:
        whole["sharing"] = [_plain(asdict(each)) for each in content.shares]
    if content.told is not None:
        whole["told_us"] = [_plain(asdict(each)) for each in content.told]
    if content.looks is not None:
        whole["log"] = {"whole": content.looks_whole, "lines": [_look(each) for each in content.looks]}
    return orjson.dumps(whole, option=orjson.OPT_INDENT_2)


def _item(item: Item) -> dict[str, Any]:
    return {
        "id": str(item.record_id),
        "category": item.category,
        "category_in_words": CATALOGUE.category(item.category).words,
        "status": str(item.status),
        "fields": [
            {"name": name, "in_words": CATALOGUE.field(name).words, "value": value}
            for name, value in item.fields.items()
        ],
        "source": {
            "organisation": item.organisation,
            "system": item.system,
            "as_of": item.as_of,
            "received_at": _moment(item.received_at),
            "version": item.version,
        },
    }


def _look(look: Look) -> dict[str, Any]:
    return {**_plain(asdict(look)), "leaf_hash": look.leaf_hash.hex()}


def _plain(values: dict[str, Any]) -> dict[str, Any]:
    return {name: _one(value) for name, value in values.items() if not isinstance(value, bytes)}


def _one(value: Any) -> Any:  # noqa: ANN401 -- any value of a dataclass
    if isinstance(value, datetime):
        return _moment(value)
    return str(value) if isinstance(value, UUID) else value


def _moment(moment: datetime) -> str:
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")
