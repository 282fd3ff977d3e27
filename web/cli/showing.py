"""How commands show what they found: sentences and tables for people, one JSON value for programs."""

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

import click
import orjson

F = TypeVar("F", bound=Callable[..., Any])


def json_option(command: F) -> F:
    """Give a command the switch ``--json``."""
    return click.option("--json", "as_json", is_flag=True, help="Report as one JSON value, for programs.")(command)


def show(value: Any, *, as_json: bool, lines: Iterable[str]) -> None:  # noqa: ANN401 -- any JSON value
    """Print *value* as JSON where that was asked for, else *lines*."""
    if as_json:
        click.echo(orjson.dumps(value, default=str, option=orjson.OPT_INDENT_2 | orjson.OPT_SORT_KEYS).decode())
        return
    for line in lines:
        click.echo(line)


def table(rows: Sequence[Mapping[str, object]], *columns: str) -> list[str]:
    """*rows* as lines under a line of *columns*, each as wide as its widest value; a sentence where there are none."""
    if not rows:
        return ["none"]
    cells = [list(columns), *([str(row[name]) for name in columns] for row in rows)]
    widths = [max(len(line[place]) for line in cells) for place in range(len(columns))]
    return ["  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip() for line in cells]


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int], None]]:
    """
    A progress bar on standard error, so that reports can be piped; hidden where nobody watches.

    Yields:
        What is told how much of how much is done.
    """
    with click.progressbar(length=1, label=label, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:

        def tell(done: int, total: int) -> None:
            bar.length = max(total, 1)
            bar.update(done - bar.pos)

        yield tell


def counted(count: int, one: str, many: str | None = None) -> str:
    """*count* with the word for it: ``1 file``, ``2 files``."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
