"""The council's CSV files, one mapping each: which column is which field. The lists are ``mappings/*.toml``.

A mapping is checked when it is read: every column is used or declared unused, every field is in the catalogue.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final

from vault.catalogue import CATALOGUE

OTHERS: Final = "@others"
"""Stands for the references of the other people a row names."""
EVERYONE: Final = "@everyone"
"""The same with “you” first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldRule:
    """How one field is made from the columns of a row: as *parts* with labels, or as one text."""

    columns: tuple[str, ...] = ()
    joint: str = ", "
    labels: Mapping[str, str] = field(default_factory=dict)
    """Column → a word put after its value in brackets: ``07700 900000 (mobile)``."""
    notes: Mapping[str, str] = field(default_factory=dict)
    """Column → words before its value, all in one bracket at the end: ``(written by …, with help from …)``."""
    codes: str = ""
    """Which code list translates the last of *columns*; a code that is not in it stays as written."""
    check: str = ""
    """``nhs-number``: dropped, with a warning, where the check digit is bad."""
    parts: Mapping[str, str] = field(default_factory=dict)
    """Label → column."""

    @property
    def used(self) -> frozenset[str]:
        """Every column it reads."""
        return frozenset({*self.columns, *self.labels, *self.notes, *self.parts.values()})


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRule:
    """One item that a row gives."""

    category: str
    fields: Mapping[str, FieldRule]
    part: str = ""
    as_of: str = ""
    third_party: bool = False
    judged: bool = False
    """Whether its words are judged by the sensitivity list; set where they tell of health or of need."""
    when: Mapping[str, str] = field(default_factory=dict)
    """Column → the value it must have, compared by `plain`; empty: always."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PersonRule:
    """Columns that say who the person is; empty where the file gives a reference only."""

    name: tuple[str, ...] = ()
    nhs_number: str = ""
    birth_date: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FileRule:
    """One kind of file."""

    kind: str
    """Such as ``people``; the file is ``people.csv`` or begins with it."""
    columns: tuple[str, ...]
    key: tuple[str, ...]
    """Columns that together name the row within its system."""
    items: tuple[ItemRule, ...]
    person: PersonRule
    together: str
    """The column of further references whose owners share the row, separated by ``;``; or empty."""
    date_columns: frozenset[str]
    date_formats: tuple[str, ...]
    codes: Mapping[str, Mapping[str, str]]


def plain(value: str) -> str:
    """*value* as kinds and codes are compared: small letters and digits, everything else one ``-``."""
    kept = "".join(sign if sign.isalnum() else "-" for sign in value.casefold().replace("'", "").replace("’", ""))
    return "-".join(part for part in kept.split("-") if part)


@lru_cache(maxsize=1)
def file_rules() -> Mapping[str, FileRule]:
    """
    Every kind of file the vault reads, by kind.

    Raises:
        RuntimeError: A mapping is wrong: it names an unknown field, or leaves a column unaccounted for.
    """
    folder = files("vault.importing") / "mappings"
    found = sorted((each for each in folder.iterdir() if each.name.endswith(".toml")), key=lambda each: each.name)
    rules = (_file_rule(each.name.removesuffix(".toml"), tomllib.loads(each.read_text("utf-8"))) for each in found)
    return MappingProxyType({rule.kind: rule for rule in rules})


def _file_rule(kind: str, told: Mapping[str, Any]) -> FileRule:
    person, dates = told.get("person", {}), told.get("dates", {})
    rule = FileRule(
        kind=kind,
        columns=tuple(told["columns"].split(",")),
        key=tuple(told["key"]),
        items=tuple(_item_rule(each) for each in told["item"]),
        person=PersonRule(**{**person, "name": tuple(person.get("name", ()))}),
        together=told.get("together", ""),
        date_columns=frozenset(dates.get("columns", ())),
        date_formats=tuple(dates.get("formats", ())),
        codes={
            name: {plain(code): words for code, words in given.items()} for name, given in told.get("codes", {}).items()
        },
    )
    if wrong := sorted(_mistakes(rule, frozenset(told.get("unused", ())))):
        raise RuntimeError(f"mapping `{kind}`: {'; '.join(wrong)}")
    return rule


def _item_rule(told: Mapping[str, Any]) -> ItemRule:
    fields = {name: _field_rule(given) for name, given in told["fields"].items()}
    when = {column: plain(value) for column, value in told.get("when", {}).items()}
    return ItemRule(**{**told, "fields": fields, "when": when})


def _field_rule(told: Mapping[str, Any]) -> FieldRule:
    return FieldRule(**{**told, "columns": tuple(told.get("columns", ()))})


def _mistakes(rule: FileRule, unused: frozenset[str]) -> Iterator[str]:
    used = {"system", "reference", *rule.key, *rule.person.name, rule.person.nhs_number, rule.person.birth_date}
    used |= {rule.together}
    for item in rule.items:
        used |= {item.as_of, *item.when, *(column for each in item.fields.values() for column in each.used)}
        known = {each.name for each in CATALOGUE.category(item.category).fields}
        yield from (f"no field `{name}` in `{item.category}`" for name in item.fields if name not in known)
        named = {each.codes for each in item.fields.values()} - {"", *rule.codes}
        yield from (f"no code list `{name}`" for name in named)
    used -= {"", OTHERS, EVERYONE}
    yield from (
        f"column `{name}` is not in the file" for name in (used | unused | rule.date_columns) - set(rule.columns)
    )
    yield from (f"column `{name}` is neither used nor unused" for name in set(rule.columns) - used - unused)
    yield from (f"column `{name}` is used and unused" for name in used & unused)
