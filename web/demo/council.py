"""Write an invented council's files into a folder: ``python -m web.demo.council FOLDER --residents 50``.

The layout is ``<organisation>/<system>/<extract>.csv`` for the council and its partners, and
``example-hospital/ward-system/*.json`` for the hospital. The same seed, number and day give the same bytes.
"""

import csv
import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any, Final

import click

from web.demo import bundles, cast, crowd, identifiers
from web.demo.cast import Resident
from web.demo.extracts import HEADERS, HOSPITAL, SOURCES, Source, rows

SEED: Final = 1066


def residents(count: int | None = None, *, today: date, seed: int = SEED) -> list[Resident]:
    """
    The people of Ferndale on *today*: those with a file of their own, and enough others to make *count*.

    Args:
        count: How many altogether; never fewer than have a file of their own.
        today: The day that ages and dates are counted from.
        seed: What the others are made from.
    """
    told = cast.scripts()
    told += crowd.scripts(max(0, (count or 0) - len(told)), seed=seed)
    numbers = identifiers.nhs_numbers(len(told))
    return [
        cast.resident(
            given,
            cast.Numbers(
                nhs_number=numbers[place],
                uprn=identifiers.uprn(place),
                phone=identifiers.landline(place),
                mobile=identifiers.mobile(place),
                ni_number=identifiers.national_insurance(place),
            ),
            today,
        )
        for place, given in enumerate(told)
    ]


def folder_of(root: Path, source: Source) -> Path:
    """Where the files of *source* lie under *root*."""
    return root / source.organisation / source.system


def write(root: Path, people: Sequence[Resident], *, today: date) -> None:
    """Write every extract and bundle of *people* under *root*, replacing what is there by the same names."""
    for source in SOURCES:
        folder = folder_of(root, source)
        folder.mkdir(parents=True, exist_ok=True)
        for extract in source.extracts:
            _write_extract(folder / f"{extract}.csv", people, source, today)
    folder = folder_of(root, HOSPITAL)
    folder.mkdir(parents=True, exist_ok=True)
    for person in people:
        if person.health:
            _write_json(folder / f"{person.slug}.json", bundles.held(person))
        if letter := bundles.discharge(person):
            _write_json(folder / f"{person.slug}-discharge.json", letter)


def _write_extract(path: Path, people: Sequence[Resident], source: Source, today: date) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, HEADERS[path.stem])
        writer.writeheader()
        writer.writerows(rows(people, source, path.stem, today=today))


def _write_json(path: Path, bundle: dict[str, Any]) -> None:
    path.write_text(json.dumps(bundle, ensure_ascii=False, indent=1), encoding="utf-8")


@click.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.option("--residents", "count", type=click.IntRange(1, 100_000), help="How many people altogether.")
@click.option(
    "--seed", default=SEED, show_default=True, help="What the people without a file of their own are made from."
)
@click.option(
    "--today", type=click.DateTime(["%Y-%m-%d"]), help="The day of the story, such as 2026-03-14; else today."
)
def main(folder: Path, count: int | None, seed: int, today: datetime | None) -> None:
    """Write the invented council's CSV extracts and the hospital's FHIR bundles into FOLDER."""
    day = (today or datetime.now(UTC)).date()
    people = residents(count, today=day, seed=seed)
    write(folder, people, today=day)
    click.echo(f"{len(people)} residents written to {folder}")


if __name__ == "__main__":
    main()
