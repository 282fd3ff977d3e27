"""A Click group that imports a command's module only when that command runs or its own help is asked for."""

import importlib
from collections.abc import Mapping
from dataclasses import dataclass

import click


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a command lives, and the line that the list of commands shows for it."""

    module: str
    attribute: str
    words: str


class LazyGroup(click.Group):
    """A group whose subcommands are named in a table of `Entry`, in the order in which they are taught."""

    def __init__(self, name: str | None = None, *, entries: Mapping[str, Entry], help: str | None = None) -> None:  # noqa: A002 -- Click's own name
        super().__init__(name, help=help, no_args_is_help=True)
        self._entries = dict(entries)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the subcommands."""
        del ctx
        return list(self._entries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load subcommand *cmd_name*, or None when there is no such."""
        del ctx
        entry = self._entries.get(cmd_name)
        if entry is None:
            return None
        command = getattr(importlib.import_module(entry.module), entry.attribute)
        if not isinstance(command, click.Command):
            message = f"`{entry.module}.{entry.attribute}` is not a command"
            raise TypeError(message)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of subcommands from the table alone, importing none of them."""
        del ctx
        with formatter.section("Commands"):
            formatter.write_dl([(name, entry.words) for name, entry in self._entries.items()])
