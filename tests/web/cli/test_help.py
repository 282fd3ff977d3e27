from collections.abc import Iterator

import click
import pytest
from click.testing import CliRunner

from web.cli import main
from web.cli.root import root


def _commands(group: click.Group, words: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from _commands(command, (*words, name))
        else:
            yield (*words, name), command


COMMANDS = dict(_commands(root))

PROMISED = (
    *("init", "demo", "serve", "import", "enrol-link"),
    *("citizen list", "citizen show", "citizen status", "organisation add", "organisation list"),
    *("service add", "service list", "service keys", "service suspend"),
    *("purpose add", "purpose list", "purpose show", "registry ropa"),
    *("audit verify", "audit export", "audit checkpoint", "audit sequence", "audit proof", "audit recover"),
    *("keys describe", "keys rotate", "policy check", "policy explain"),
)
REPORTING = (
    *("import", "citizen list", "citizen show", "organisation list", "service list", "purpose list", "purpose show"),
    *("registry ropa", "audit verify", "audit checkpoint", "keys describe", "policy check", "policy explain"),
)


@pytest.mark.parametrize("words", PROMISED)
def test_every_promised_command_is_there_and_explains_itself(words: str) -> None:
    answer = CliRunner().invoke(root, [*words.split(), "--help"])
    assert answer.exit_code == 0
    assert len(answer.output.splitlines()) > 5


@pytest.mark.parametrize("words", [" ".join(words) for words in COMMANDS if COMMANDS[words].params])
def test_every_command_that_takes_something_teaches_with_an_example(words: str) -> None:
    plain = {"organisation list", "service list", "purpose list", "keys describe", "audit checkpoint", "directory list"}
    answer = CliRunner().invoke(root, [*words.split(), "--help"])
    assert "citizen-vault " in answer.output.split("\n", 1)[1] or words in plain


@pytest.mark.parametrize("words", REPORTING)
def test_every_command_that_reports_can_report_as_json(words: str) -> None:
    assert any("--json" in parameter.opts for parameter in COMMANDS[tuple(words.split())].params)


def test_help_lists_every_command_and_loads_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.import_module", lambda name: pytest.fail(f"help loaded {name}"))
    answer = CliRunner().invoke(root, ["--help"])
    assert answer.exit_code == 0
    assert all(name in answer.output for name in root.list_commands(click.Context(root)))


@pytest.mark.parametrize("arguments", [["nonsense"], ["audit", "nonsense"], ["import"], ["serve", "--port", "0"]])
def test_wrong_use_exits_with_two(arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)
    assert end.value.code == 2
