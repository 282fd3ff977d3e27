"""One row of a council extract: the people it names, and the items it gives about each of them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from vault.identifiers import nhs_number_is_valid, normalise_nhs_number
from vault.importing.csv_mapping import EVERYONE, OTHERS, FieldRule, FileRule, ItemRule, plain
from vault.importing.dates import in_formats
from vault.importing.items import Claim, Item, Subject, Value, words_of

_SEPARATORS: Final = re.compile(r"[;|,]")
_BAD_NUMBER: Final = "the NHS number has a bad check digit: it was not taken and matches nobody"


@dataclass(frozen=True, slots=True)
class Row:
    """What one row gives."""

    subjects: tuple[Subject, ...]
    items: tuple[Item, ...]
    warnings: tuple[str, ...]


def read_row(row: Mapping[str, str], rule: FileRule) -> Row:
    """Read *row*, whose cells are cleaned, by *rule*."""
    cells, warnings = _dated(row, rule)
    everyone = _everyone(cells, rule)
    subjects = [_subject(cells, rule, each, first=each == cells["reference"]) for each in everyone]
    items = [item for each in everyone for item in _items(cells, rule, each, everyone)]
    if not everyone:
        items = list(_items(cells, rule, "", ("",)))
        warnings.append("the row has no reference: it is about nobody the vault can name")
    if (
        rule.person.nhs_number
        and cells[rule.person.nhs_number]
        and not nhs_number_is_valid(cells[rule.person.nhs_number])
    ):
        warnings.append(_BAD_NUMBER)
    if not items:
        warnings.append("the row has no home in the catalogue, or says nothing")
    return Row(tuple(subjects), tuple(items), tuple(warnings))


def _dated(row: Mapping[str, str], rule: FileRule) -> tuple[dict[str, str], list[str]]:
    """The cells with every date in ISO form; one that is none is emptied and warned of."""
    cells, warnings = dict(row), []
    for column in sorted(rule.date_columns):
        if not row[column]:
            continue
        moment = in_formats(row[column], rule.date_formats)
        cells[column] = _shown(moment, row[column]) if moment else ""
        if moment is None:
            warnings.append(f"`{column}` is no date in a known form: it was not taken")
    return cells, warnings


def _shown(moment: datetime, written: str) -> str:
    return moment.strftime("%Y-%m-%d %H:%M") if ":" in written else moment.date().isoformat()


def _everyone(cells: Mapping[str, str], rule: FileRule) -> tuple[str, ...]:
    """The references a row names, in one order whoever's row it is."""
    others = _SEPARATORS.split(cells[rule.together]) if rule.together else []
    named = {each.strip() for each in [cells["reference"], *others]} - {""}
    return tuple(sorted(named))


def _key(cells: Mapping[str, str], reference: str) -> str | None:
    return f"{cells['system']}/{reference}" if reference and cells["system"] else None


def _subject(cells: Mapping[str, str], rule: FileRule, reference: str, *, first: bool) -> Subject:
    person = rule.person
    born = cells[person.birth_date] if person.birth_date and first else ""
    number = cells[person.nhs_number] if person.nhs_number and first else ""
    return Subject(
        key=f"{cells['system']}/{reference}",
        claim=Claim(
            nhs_number=normalise_nhs_number(number) or None,
            birth_date=date.fromisoformat(born) if born else None,
            name=" ".join(cells[each] for each in person.name if cells[each]) or None if first else None,
            references=((cells["system"], reference),),
        ),
    )


def _items(cells: Mapping[str, str], rule: FileRule, reference: str, everyone: Sequence[str]) -> Iterator[Item]:
    others = [each for each in everyone if each != reference]
    known = {**cells, OTHERS: "; ".join(others), EVERYONE: "; ".join(["you", *others])}
    for item in rule.items:
        if any(plain(cells[column]) != value for column, value in item.when.items()):
            continue
        made = {name: _value(known, field, rule) for name, field in item.fields.items()}
        fields = {name: value for name, value in made.items() if value}
        if fields:
            yield _item(cells, rule, item, reference, fields)


def _item(cells: Mapping[str, str], rule: FileRule, item: ItemRule, who: str, fields: Mapping[str, Value]) -> Item:
    number = [cells[column] for column in rule.key] + ([who] if rule.together else [])
    day = cells[item.as_of][: len("2026-11-23")] if item.as_of else ""
    return Item(
        category=item.category,
        fields=fields,
        source_type=f"{rule.kind}.csv",
        source_id="#".join(["/".join(number), *([item.part] if item.part else [])]),
        as_of=date.fromisoformat(day) if day else None,
        codes=words_of(fields) if item.judged else (),
        third_party=item.third_party,
        subject=_key(cells, who),
    )


def _value(cells: Mapping[str, str], field: FieldRule, rule: FileRule) -> Value:
    if field.parts:
        return {label: cells[column] for label, column in field.parts.items() if cells[column]}
    shown = [_cell(cells, column, field, rule) for column in field.columns]
    told = field.joint.join(each for each in shown if each)
    if field.check == "nhs-number" and not nhs_number_is_valid(told):
        return ""
    notes = ", ".join(f"{words} {cells[column]}" for column, words in field.notes.items() if cells[column])
    return f"{told} ({notes})" if told and notes else told


def _cell(cells: Mapping[str, str], column: str, field: FieldRule, rule: FileRule) -> str:
    value = cells[column]
    if field.codes and column == field.columns[-1]:
        value = rule.codes[field.codes].get(plain(value), value)
    return f"{value} ({field.labels[column]})" if value and column in field.labels else value
