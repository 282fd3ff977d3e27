"""A paper: what a resident takes with them in plain words, ready to be shown as HTML or set as PDF."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from vault.catalogue import CATALOGUE
from vault.exporting.content import Content, Item, Look, Share, Told
from vault.kinds import CaseState, GrantState, RecordStatus
from web.catalogue_words import by_category, field_words
from web.words import CASE_TAGS, GRANT_TAGS, at, clean, day, last_day, lines, short


@dataclass(frozen=True, slots=True)
class Row:
    """A term and what is said of it, line by line."""

    term: str
    lines: tuple[str, ...] = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One thing: its heading, a mark beside it (“In the past”), its rows, where it came from."""

    title: str = field(repr=False)
    mark: str = ""
    rows: tuple[Row, ...] = ()
    source: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Things of one kind, under a heading."""

    title: str
    notes: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Paper:
    """All of it."""

    title: str
    council: str
    lang: str
    intro: tuple[str, ...]
    sections: tuple[Section, ...]


_MARKS: Final = {RecordStatus.CURRENT: "", RecordStatus.HISTORY: "past", RecordStatus.ENTERED_IN_ERROR: "mistake"}


def of(content: Content) -> Paper:
    """*content* in the words of the page's language."""
    sections = [*_categories(content.items)]
    if content.shares is not None:
        sections.append(_shares(content.shares))
    if content.told is not None:
        sections.append(_told(content.told))
    if content.looks is not None:
        sections.append(_looks(content.looks, whole=content.looks_whole))
    return Paper(
        title=str(_("Your data")),
        council=content.council,
        lang=str(get_locale() or "en").partition("_")[0],
        intro=tuple(_intro(content)),
        sections=tuple(sections),
    )


def left_out() -> list[str]:
    """What every file leaves out, in plain words: the same for everyone, so that it hints at nothing."""
    return [
        str(_("Parts about other people are left out. You can ask us for a copy that looks at each of them.")),
        str(_("Files are left out, such as scanned letters. You can download each from your record.")),
        str(_("In rare cases the law lets us hold something back from you for a time.")),
        str(_("In rare cases the law lets us show a line to you later.")),
    ]


def _intro(content: Content) -> Iterator[str]:
    yield str(
        _("%(council)s made this file for you on %(moment)s.", council=content.council, moment=at(content.made_at))
    )
    yield str(
        ngettext(
            "It holds %(num)s thing that we keep about you.",
            "It holds %(num)s things that we keep about you.",
            len(content.items),
        )
    )
    yield from left_out()


def _categories(items: Iterable[Item]) -> Iterator[Section]:
    held = list(items)
    for category in CATALOGUE.categories:
        here = [each for each in held if each.category == category.name]
        if here:
            newest = sorted(here, key=lambda each: (each.as_of or "", each.received_at), reverse=True)
            yield Section(title=str(_(category.words)), entries=tuple(_item(each) for each in newest))


def _item(item: Item) -> Entry:
    marks = {"": "", "past": str(_("In the past")), "mistake": str(_("Written by mistake"))}
    source = [_("From %(organisation)s, its system “%(system)s”.", organisation=item.organisation, system=item.system)]
    if item.as_of:
        source.append(_("As it was on %(day)s.", day=", ".join(lines(item.as_of))))
    source.append(_("It came in on %(moment)s.", moment=at(item.received_at)))
    return Entry(
        title=_title(item.fields),
        mark=marks[_MARKS[item.status]],
        rows=tuple(Row(field_words(name), _clean(lines(held))) for name, held in item.fields.items()),
        source=" ".join(map(str, source)),
    )


def _title(fields: Mapping[str, Any]) -> str:
    """What heads an item: its first value, or the words of its first field where that has nothing to read aloud."""
    name, first = next(iter(fields.items()))
    shown = clean(short(first)) if isinstance(first, str) else ""
    return shown if any(each.isalnum() for each in shown) else field_words(name)


def _shares(shares: Iterable[Share]) -> Section:
    found = tuple(_share(each) for each in shares)
    none = () if found else (str(_("You share nothing.")),)
    return Section(title=str(_("Who can see my data")), notes=none, entries=found)


def _share(share: Share) -> Entry:
    return Entry(
        title=f"{share.service}, {share.organisation}",
        mark=str(GRANT_TAGS[GrantState(share.state)][0]),
        rows=(
            Row(str(_("Why")), (share.purpose,)),
            *_things(share.fields),
            Row(str(_("Since")), (day(share.made_at),)),
            Row(str(_("Until")), (last_day(share.not_after),)),
            Row(str(_("Times used")), (str(share.uses),)),
        ),
    )


def _things(names: Iterable[str]) -> Iterator[Row]:
    for words, fields in by_category(names):
        yield Row(words, tuple(fields))


def _told(told: Iterable[Told]) -> Section:
    found = tuple(_case(each) for each in told)
    none = () if found else (str(_("You have told us nothing yet.")),)
    return Section(title=str(_("What you told us")), notes=none, entries=found)


def _case(case: Told) -> Entry:
    rows = [
        Row(str(_("What you said")), _clean(case.statement.splitlines())),
        Row(str(_("You told us on")), (day(case.opened_at),)),
    ]
    if case.answer and case.answered_at:
        rows.append(Row(str(_("Our answer, %(day)s", day=day(case.answered_at))), _clean(case.answer.splitlines())))
    return Entry(title=case.service, mark=str(CASE_TAGS[CaseState(case.state)][0]), rows=tuple(rows))


def _looks(looks: tuple[Look, ...], *, whole: bool) -> Section:
    notes = [] if looks else [_("Nobody has looked at your data.")]
    if not whole:
        notes.append(_("These are the newest lines. Older ones are on the page “Who looked”."))
    return Section(
        title=str(_("Everything that happened")),
        notes=tuple(map(str, notes)),
        entries=tuple(_look(each) for each in looks),
    )


def _look(look: Look) -> Entry:
    from web.pages.lines import named  # noqa: PLC0415 -- pages import this module
    from web.pages.sentences import sentence  # noqa: PLC0415 -- pages import this module

    who = named(look.who)
    rows = [Row(str(_("Who")), (who,))]
    if look.purpose:
        rows.append(Row(str(_("Because")), (look.purpose,)))
    rows += _things(look.fields)
    if look.refused:
        rows.append(Row(str(_("Asked for and not shown")), tuple(field_words(name) for name in look.refused)))
    rows.append(Row(str(_("Line of the log")), (look.position or str(_("waits for its place")), look.leaf_hash.hex())))
    return Entry(title=f"{at(look.at)}: {sentence(look.event, who=who, mine=look.who == 'citizen')}", rows=tuple(rows))


def _clean(given: Iterable[str]) -> tuple[str, ...]:
    return tuple(clean(each) for each in given) or ("",)
