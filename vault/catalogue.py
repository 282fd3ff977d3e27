"""The catalogue: every category and field a record may hold, in the resident's words; all else derives from it.

The list itself is ``catalogue.toml`` beside this file, read once when this module is first imported. A mistake in it
stops the start.
"""

import enum
import hashlib
import re
import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.resources import files
from types import MappingProxyType
from typing import Any, Final, Self

from vault.errors import UnknownFieldError

_NAME: Final = re.compile(r"[a-z][a-z_]{1,31}")
_DURATION: Final = re.compile(r"P\d{1,3}[DMY]")
WITHHELD_CATEGORY: Final = "other"
"""What came without a home: no service may ever ask for it."""


class Sensitivity(enum.IntEnum):
    """How much harm an item could do in the wrong hands: ``normal < sensitive < danger``. Stored as 0, 1, 2."""

    NORMAL = 0
    SENSITIVE = 1
    DANGER = 2


class Flag(enum.StrEnum):
    """What to be careful about in a field. Values are those of the catalogue's file and of policy facts."""

    SPECIAL = "S"
    """A special category of UK GDPR Art. 9."""
    REVEALING = "s"
    """Can reveal a special category, and is treated as one."""
    THIRD_PARTY = "T"
    """About someone else too: its citizen is shown it without the other person's part (`vault.others`), and a service
    gets it only where it asked for it by name."""
    DANGER_IF_MISSING = "D"
    """A reader sees a value, *none known*, *not recorded* or *not shared with you*, and never an empty row."""
    REVEAL = "K"
    """Physical danger: a category key of its own, masked, one logged reveal at a time, never in bulk."""
    HELD_BACK = "H"
    """May be held back from the citizen for a time, with authority and reason (DPA 2018, Schedules 2 and 3)."""
    ALWAYS_SENSITIVE = "X"
    """Outside every bundle: asked for by name."""


class Writer(enum.StrEnum):
    """Who usually writes a field."""

    CITIZEN = "citizen"
    NHS = "nhs"
    COUNCIL = "council"
    PROVIDER = "provider"
    LANDLORD = "landlord"
    DWP = "dwp"
    REGISTRAR = "registrar"
    ANY = "any"


_BY_NAME: Final = frozenset({Flag.REVEAL, Flag.HELD_BACK, Flag.ALWAYS_SENSITIVE, Flag.THIRD_PARTY})


@dataclass(frozen=True, slots=True)
class Field:
    """One field of the catalogue, such as ``medication.dose``."""

    name: str
    """``category.field``, at most 65 characters; stored, logged and part of the service protocol."""
    category: str
    words: str
    """The resident's words: “Your medicines”."""
    flags: frozenset[Flag]
    writers: tuple[Writer, ...]
    """Who usually writes it, the most usual first."""
    shows: frozenset[str] | None = None
    """Of a field about someone else too, the parts of its value that are the citizen's own (`vault.others`)."""

    @property
    def writer(self) -> Writer:
        """Who most usually writes it."""
        return self.writers[0]

    @property
    def is_special(self) -> bool:
        """Whether it is, or can reveal, a special category (UK GDPR Art. 9)."""
        return bool(self.flags & {Flag.SPECIAL, Flag.REVEALING})

    @property
    def is_danger(self) -> bool:
        """Whether a missing or wrong value is a danger, so that a reader never sees an empty row."""
        return Flag.DANGER_IF_MISSING in self.flags

    @property
    def needs_reveal(self) -> bool:
        """Whether it opens only alone, masked, one logged reveal at a time."""
        return Flag.REVEAL in self.flags

    @property
    def third_party(self) -> bool:
        """Whether it is about someone else too."""
        return Flag.THIRD_PARTY in self.flags

    @property
    def may_be_held_back(self) -> bool:
        """Whether it may lawfully be held back from the citizen for a time."""
        return Flag.HELD_BACK in self.flags

    @property
    def only_by_name(self) -> bool:
        """Whether “all of this category” leaves it out, so that it must be asked for by its own name."""
        return bool(self.flags & _BY_NAME) or self.never_shared

    @property
    def never_shared(self) -> bool:
        """Whether no service may ask for it at all."""
        return self.category == WITHHELD_CATEGORY


@dataclass(frozen=True, slots=True)
class Retention:
    """How long a category is kept by default: *period* counted from the event *after*."""

    period: str | None
    """An ISO 8601 duration of one unit such as ``P8Y``; None where the event alone ends it."""
    after: str
    """The event that starts the clock, such as ``end-of-care``."""
    words: str
    """The same for residents."""


@dataclass(frozen=True, slots=True)
class Category:
    """A group of fields with one controller, one retention and one key."""

    name: str
    words: str
    """The resident's words, such as “Your care visits”."""
    fields: tuple[Field, ...]
    controller: str
    """Who answers for it by default, such as ``nhs`` or ``landlord-or-council``."""
    kept: Retention
    sensitivity: Sensitivity
    """Where its items begin, before the code list (`vault.sensitivity`) judges them."""


@dataclass(frozen=True)
class Catalogue:
    """Every category and field, in the order pages show them. Never changed while the vault runs."""

    categories: tuple[Category, ...]
    _fields: Mapping[str, Field] = field(init=False, repr=False, compare=False)
    _categories: Mapping[str, Category] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        by_field = {each.name: each for category in self.categories for each in category.fields}
        object.__setattr__(self, "_fields", MappingProxyType(by_field))
        object.__setattr__(self, "_categories", MappingProxyType({each.name: each for each in self.categories}))

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read a catalogue from the TOML *text*.

        Raises:
            ValueError: A name, flag, writer, duration or member is missing or not one the catalogue knows.
        """
        return cls(categories=tuple(_category(name, given) for name, given in tomllib.loads(text).items()))

    @property
    def fields(self) -> tuple[Field, ...]:
        """Every field, in page order."""
        return tuple(self._fields.values())

    def has(self, name: str) -> bool:
        """Whether there is a field *name*."""
        return name in self._fields

    def field(self, name: str) -> Field:
        """
        The field *name*, such as ``medication.dose``.

        Raises:
            UnknownFieldError: The catalogue does not hold it.
        """
        found = self._fields.get(name)
        if found is None:
            raise UnknownFieldError(f"`{_printable(name)}` is not a field of the catalogue")
        return found

    def category(self, name: str) -> Category:
        """
        The category *name*, such as ``medication``.

        Raises:
            UnknownFieldError: The catalogue does not hold it.
        """
        found = self._categories.get(name)
        if found is None:
            raise UnknownFieldError(f"`{_printable(name)}` is not a category of the catalogue")
        return found

    def fields_of(self, category: str) -> frozenset[str]:
        """
        The names of all fields of *category*.

        Raises:
            UnknownFieldError: The catalogue does not hold the category.
        """
        return frozenset(each.name for each in self.category(category).fields)

    def bundle(self, category: str) -> frozenset[str]:
        """
        What “all of *category*” means: every field but those that must be asked for by name.

        Raises:
            UnknownFieldError: The catalogue does not hold the category.
        """
        return frozenset(each.name for each in self.category(category).fields if not each.only_by_name)

    def flagged(self, flag: Flag) -> frozenset[str]:
        """The names of all fields that carry *flag*."""
        return frozenset(each.name for each in self.fields if flag in each.flags)

    def plain_category_words(self, names: Iterable[str]) -> tuple[str, ...]:
        """
        The residents' words for the categories of the fields *names*, each once, in page order.

        Raises:
            UnknownFieldError: The catalogue does not hold one of the fields.
        """
        wanted = {self.field(name).category for name in names}
        return tuple(each.words for each in self.categories if each.name in wanted)

    @cached_property
    def digest(self) -> str:
        """SHA-256 (64 hex digits) of the content, whatever the file's layout; part of the policy-set digest."""
        return hashlib.sha256("\n".join(_lines(self)).encode()).hexdigest()


def _printable(name: str) -> str:
    """Keep a stranger's text short and on one line before it goes into a message."""
    return "".join(each if each.isascii() and each.isprintable() else "?" for each in name[:64])


def _category(name: str, given: Mapping[str, Any]) -> Category:
    _demand(_NAME.fullmatch(name) is not None, f"category name `{name}`")
    _demand(given.keys() == {"words", "controller", "kept", "sensitivity", "fields"}, f"members of category `{name}`")
    return Category(
        name=name,
        words=_words(given["words"], name),
        fields=tuple(_field(name, each, facts) for each, facts in given["fields"].items()),
        controller=_words(given["controller"], name),
        kept=_retention(name, given["kept"]),
        sensitivity=Sensitivity[given["sensitivity"].upper()],
    )


def _field(category: str, name: str, given: Mapping[str, Any]) -> Field:
    full = f"{category}.{name}"
    _demand(_NAME.fullmatch(name) is not None, f"field name `{full}`")
    known = {"words", "writers", "flags", "shows"}
    _demand({"words", "writers"} <= given.keys() <= known, f"members of field `{full}`")
    writers = tuple(Writer(each) for each in given["writers"])
    _demand(bool(writers), f"writers of field `{full}`")
    flags = frozenset(Flag(each) for each in given.get("flags", "").split())
    _demand("shows" not in given or Flag.THIRD_PARTY in flags, f"what field `{full}` shows")
    shows = frozenset(_words(each, full) for each in given["shows"]) if "shows" in given else None
    words = _words(given["words"], full)
    return Field(name=full, category=category, words=words, flags=flags, writers=writers, shows=shows)


def _retention(category: str, given: Mapping[str, Any]) -> Retention:
    _demand({"after", "words"} <= given.keys() <= {"after", "words", "period"}, f"retention of category `{category}`")
    period = given.get("period")
    _demand(period is None or _DURATION.fullmatch(period) is not None, f"retention period of category `{category}`")
    return Retention(period=period, after=_words(given["after"], category), words=_words(given["words"], category))


def _words(given: object, where: str) -> str:
    if not isinstance(given, str) or not given.strip():
        raise ValueError(f"catalogue: words of `{where}` are missing")
    return given


def _demand(holds: bool, what: str) -> None:  # noqa: FBT001 (reads as a sentence)
    if not holds:
        raise ValueError(f"catalogue: {what} is not as it must be")


def _lines(catalogue: Catalogue) -> Iterator[str]:
    """One line for each fact; no value holds a line feed or a vertical bar, so no two catalogues share their lines."""
    for category in catalogue.categories:
        kept = category.kept
        yield _line(
            category.name,
            category.words,
            category.controller,
            kept.period or "",
            kept.after,
            kept.words,
            str(int(category.sensitivity)),
        )
        for each in category.fields:
            shows = () if each.shows is None else ("shows", *sorted(each.shows))
            yield _line(each.name, each.words, "".join(sorted(each.flags)), ",".join(each.writers), *shows)


def _line(*values: str) -> str:
    _demand(not any("|" in value or "\n" in value for value in values), f"`{values[0]}` holds a bar or line feed and")
    return "|".join(values)


CATALOGUE: Final = Catalogue.parse(files("vault").joinpath("catalogue.toml").read_text(encoding="utf-8"))
"""The catalogue of this vault."""
