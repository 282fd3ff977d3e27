"""The strings that people read, gathered from code, templates, catalogue and rules, and held against the translations.

``python -m tests.strings`` says what is missing and exits 1; with ``--update`` it brings the catalogues of
``web/translations`` up to date first, so that a translator finds what is new.
"""

import argparse
import re
import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import DEFAULT_KEYWORDS, extract_from_dir
from babel.messages.pofile import read_po, write_po

from policies.explain import WITHOUT_RULE
from policies.rulebook import own_rules
from vault.catalogue import CATALOGUE
from vault.lawful import BASES, CONDITIONS

ROOT: Final = Path(__file__).parents[1]
TRANSLATIONS: Final = ROOT / "web/translations"
KEYWORDS: Final = {**DEFAULT_KEYWORDS, "lazy_gettext": None, "lazy_ngettext": (1, 2)}
METHODS: Final = [("**/static/**", "ignore"), ("**/frontend/**", "ignore"), ("**.py", "python"), ("**.html", "jinja2")]
OPTIONS: Final = {"**.html": {"trimmed": "true", "silent": "false", "encoding": "utf-8"}}
SHOWN_MOST: Final = 12

_PASSING: Final = re.compile(
    r'^"(?:Report-Msgid-Bugs-To|POT-Creation-Date|PO-Revision-Date|Last-Translator|Language-Team|Generated-By): .*\n',
    re.MULTILINE,
)
"""Lines of a file's head that change with who wrote it and when."""
_PLACES: Final = re.compile(r"%\(\w+\)[sd]")
_TAGS: Final = re.compile(r"</?[a-z][^>]*>")


def gathered() -> Catalog:
    """Every string that a page may show, without its place: places move with every line."""
    found = Catalog(project="citizen-vault", charset="utf-8")
    for _file, _line, words, _comments, context in extract_from_dir(
        str(ROOT / "web"), METHODS, OPTIONS, keywords=KEYWORDS
    ):
        found.add(words, context=context)
    for sentence in _kept_elsewhere():
        found.add(sentence)
    return found


def _kept_elsewhere() -> Iterator[str]:
    """What people read that stands in the catalogue and beside the rules."""
    yield from (each.words for each in (*BASES.values(), *CONDITIONS.values()))
    for category in CATALOGUE.categories:
        yield category.words
        yield category.kept.words
    for field in CATALOGUE.fields:
        yield field.words
    for rule in own_rules().rules.values():
        yield from (rule.because, rule.staff)
    for pair in WITHOUT_RULE.values():
        yield from pair


def catalogues() -> dict[str, Path]:
    """The translations there are, by language."""
    return {path.parents[1].name: path for path in sorted(TRANSLATIONS.glob("*/LC_MESSAGES/messages.po"))}


def read(language: str) -> Catalog:
    """One language's translations as they stand in its file."""
    with catalogues()[language].open("rb") as file:
        return read_po(file, locale=language)


def update(language: str) -> None:
    """Bring one language's file up to date: new strings without words, gone ones dropped, none guessed."""
    kept = read(language)
    kept.update(gathered(), no_fuzzy_matching=True, update_creation_date=False, update_header_comment=False)
    kept.obsolete.clear()
    written = BytesIO()
    write_po(written, kept, width=120, no_location=True, omit_header=False, sort_output=True, ignore_obsolete=True)
    catalogues()[language].write_text(_PASSING.sub("", written.getvalue().decode()), encoding="utf-8")


def faults(language: str) -> list[str]:
    """What is wrong with one language's translations, each as a line that names the string."""
    translated, wanted = read(language), gathered()
    missing = [f"not in the file: {_name(each)}" for each in wanted if each.id and translated.get(each.id) is None]
    gone = [f"not used any more: {_name(each)}" for each in translated if each.id and wanted.get(each.id) is None]
    wrong = [f"{fault}: {_name(each)}" for each in translated if each.id for fault in _faults(each)]
    return [*missing, *gone, *wrong]


def _name(message: Message) -> str:
    return repr(message.id if isinstance(message.id, str) else message.id[0])


def _faults(message: Message) -> Iterator[str]:
    sources = message.id if isinstance(message.id, (list, tuple)) else (message.id,)
    words = [each or "" for each in _several(message.string)]
    if message.fuzzy:
        yield "not sure"
    if not all(words):
        yield "not translated"
        return
    needed = set(_PLACES.findall(sources[-1]))
    # One of several plural forms may say its number in words.
    if any(set(_PLACES.findall(each)) != needed for each in words if len(words) == 1 or _PLACES.search(each)):
        yield "other places to fill in"
    if any(sorted(_TAGS.findall(each)) != sorted(_TAGS.findall(sources[-1])) for each in words):
        yield "other tags"


def _several(words: object) -> tuple[str | None, ...]:
    return tuple(words) if isinstance(words, (list, tuple)) else (str(words or ""),)


def main() -> int:
    """Say what is missing in each language; 1 where anything is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--update", action="store_true", help="bring the files up to date first")
    asked = parser.parse_args()
    found = 0
    for language in catalogues():
        if asked.update:
            update(language)
        wrong = faults(language)
        found += len(wrong)
        for each in wrong[:SHOWN_MOST]:
            print(f"{language}: {each}")  # noqa: T201 -- this is a command
        if len(wrong) > SHOWN_MOST:
            print(f"{language}: and {len(wrong) - SHOWN_MOST} more")  # noqa: T201 -- this is a command
    if found:
        print("run `make strings`, then write what is missing into web/translations")  # noqa: T201 -- this is a command
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
