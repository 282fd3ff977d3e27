"""What people read is gathered whole, and a fault in a translation is named."""

import re
from pathlib import Path

import pytest
from babel.messages.catalog import Message
from jinja2 import Environment

from policies.rulebook import own_rules
from tests import strings
from vault.catalogue import CATALOGUE


def test_code_templates_catalogue_and_rules_are_all_gathered() -> None:
    found = {each if isinstance(each, str) else each[0] for each in (message.id for message in strings.gathered())}
    assert {"Page not found", "My record", "%(num)s thing"} <= found
    assert {field.words for field in CATALOGUE.fields} <= found
    assert {rule.because for rule in own_rules().rules.values()} <= found


@pytest.mark.parametrize(
    ("source", "words", "fault"),
    [
        ("Stop", "", "not translated"),
        ("%(day)s at %(time)s", "%(day)s am", "other places to fill in"),
        ("%(day)s at %(time)s", "bore da", "other places to fill in"),
        ("<b>Stop</b>", "Stopio", "other tags"),
        (("%(num)s thing", "%(num)s things"), ("%(num)s", "", "", "", ""), "not translated"),
        (("%(num)s thing", "%(num)s things"), ("%(n)s", "un peth", "x", "x", "x"), "other places to fill in"),
    ],
)
def test_a_fault_in_a_translation_is_named(source: str, words: str, fault: str) -> None:
    assert list(strings._faults(Message(source, words))) == [fault]


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ("Stop", "Stopio"),
        ("%(day)s at %(time)s", "%(time)s ar %(day)s"),
        (
            ("%(num)s thing", "%(num)s things"),
            ("%(num)s peth", "un peth", "dau beth", "%(num)s pheth", "%(num)s pheth"),
        ),
    ],
)
def test_a_sound_translation_has_no_fault(source: str, words: str) -> None:
    assert list(strings._faults(Message(source, words))) == []


def literal_text(template: str) -> list[str]:
    """What a template says outside ``_()``: between tags, and in attributes that people hear; a command is no words."""
    data = "".join(
        value if kind == "data" else " " if kind in {"block_end", "variable_end"} else ""
        for _, kind, value in Environment(autoescape=True).lex(template)
        if kind in {"data", "block_end", "variable_end"}
    )
    heard = re.findall(r'\b(?:aria-label|alt|title|placeholder)="([^"]*)"', data)
    between = re.sub(r"<(style|pre)\b.*?</\1>|<[^>]*>|&\w+;|\bgovuk-[\w-]+", "\n", data, flags=re.DOTALL).splitlines()
    return [words.strip() for words in (*heard, *between) if re.search(r"[A-Za-z]{2}", words)]


@pytest.mark.parametrize(
    ("template", "found"),
    [
        ('<p class="big">{{ _("Stop") }}</p>', []),
        ("<p>Stop {{ name }}</p>", ["Stop"]),
        ('<a aria-label="Stop sharing">{{ x }}</a>', ["Stop sharing"]),
        ('<pre class="vault-code">citizen-vault audit verify</pre>', []),
        ("{# Stop #}<br>·{% if x %}–{% endif %}", []),
    ],
)
def test_words_that_cannot_be_translated_are_found(template: str, found: list[str]) -> None:
    assert literal_text(template) == found


def test_no_template_says_anything_that_cannot_be_translated(root: Path) -> None:
    folder = root / "web/templates"
    wrong = {
        str(path.relative_to(folder)): found
        for path in folder.rglob("*.html")
        if (found := literal_text(path.read_text(encoding="utf-8")))
    }
    assert wrong == {}
