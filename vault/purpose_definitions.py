"""What is registered about one purpose: its words, its basis, the citizen's choice, and the most that it may have."""

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import lru_cache
from typing import Any, Self

import orjson

from vault.catalogue import CATALOGUE
from vault.errors import InvalidInputError, UnknownFieldError

LONGEST_DAYS = 365 * 8
SHORTEST_AGE = 300  # seconds: a citizen needs some minutes to read, decide, and be read
PHISHING_RESISTANT = "phr"
"""Proved so that nobody could have been tricked out of it: a passkey (OpenID EAP ACR Values 1.0)."""
TEXTS = frozenset({"name", "why", "without", "receiver_keeps", "until_words"})
"""What of a purpose residents read, and may be registered in Welsh too."""


class Choice(enum.StrEnum):
    """What the citizen may do about a purpose. Not the same as its lawful basis."""

    DECIDE = "decide"
    MAY_OBJECT = "may-object"
    MAY_CHALLENGE = "may-challenge"
    TOLD_AFTERWARDS = "told-afterwards"


@dataclass(frozen=True, slots=True, kw_only=True)
class Definition:
    """Everything registered about one purpose. Words are plain English for residents."""

    slug: str
    name: str
    why: str
    """What the data is used for, as a sentence a resident understands."""
    without: str
    """What happens when the citizen shares none of it."""
    basis: str
    """UK GDPR Art. 6 basis, such as ``6(1)(e)``."""
    condition: str | None
    """UK GDPR Art. 9 condition where special categories are among the fields, such as ``9(2)(h)``."""
    schedule_1: str | None
    """DPA 2018 Schedule 1 paragraph, where one is needed."""
    choice: Choice
    controllers: tuple[str, ...]
    agreement: str
    dpia: str
    receiver_keeps: str
    """How long the receiver keeps its copies, in plain words."""
    review_on: date
    most: frozenset[str]
    """The most fields it may ask for."""
    max_days: int
    max_uses: int
    max_sensitivity: int = 0
    history: bool = False
    pauses_on_objection: bool = False
    receives: bool = False
    """Whether data may be brought into the vault under it."""
    batch: bool = False
    """Whether a service may read under it without naming an acting person."""
    emergency: bool = False
    """Whether an officer may look under it in an emergency, with a reason."""
    until_words: str = ""
    """The period in the citizen's words, such as ``until this care ends``."""
    whys: Mapping[str, str] = field(default_factory=dict)
    """Why each thing is asked for: a sentence by field, or by category for all of its fields."""

    welsh: Mapping[str, str] = field(default_factory=dict)
    """Its words in Welsh, where they are registered, by the name of the text; a reason by ``whys.`` and its name."""

    writes: frozenset[str] = frozenset()
    """What those with a grant under it may add to the record; reading and writing are two things."""

    sign_in_max_age: int | None = None
    """How many seconds ago, at each read, the citizen who decided may have proved who they are (RFC 9470)."""
    sign_in_acr: str | None = None
    """How they are to have proved it: `PHISHING_RESISTANT`, or in any way where empty."""

    @property
    def citizen_decides(self) -> bool:
        """Whether a request waits for the citizen."""
        return self.choice is Choice.DECIDE

    @property
    def longest(self) -> timedelta:
        """The longest period a grant may have."""
        return timedelta(days=self.max_days)

    def is_proven(self, *, at: datetime | None, by: str | None, now: datetime) -> bool:
        """Whether a citizen who proved who they are *at* that time, *by* that way, has done so well enough *now*."""
        if self.sign_in_acr is not None and by != self.sign_in_acr:
            return False
        if self.sign_in_max_age is None:
            return self.sign_in_acr is None or at is not None
        return at is not None and now - at <= timedelta(seconds=self.sign_in_max_age)

    @property
    def asks_for_proof(self) -> bool:
        """Whether only a citizen who proved who they are can allow it."""
        return self.sign_in_max_age is not None or self.sign_in_acr is not None

    def why_of(self, name: str) -> str:
        """Why the field *name* is asked for: its own sentence, else its category's; empty where none is registered."""
        return self.whys.get(name) or self.whys.get(name.partition(".")[0], "")

    def whys_of(self, names: Iterable[str]) -> dict[str, str]:
        """Each of the fields *names* and why it is asked for."""
        return {name: self.why_of(name) for name in sorted(names)}

    @classmethod
    def parse(cls, given: Mapping[str, Any]) -> Self:
        """
        Read a definition as registered (TOML table or stored JSON).

        Raises:
            InvalidInputError: A member is missing, unknown or out of bounds.
            UnknownFieldError: The catalogue does not hold one of the fields.
        """
        try:
            made = cls(
                **{
                    **given,
                    "choice": Choice(given["choice"]),
                    "controllers": tuple(given["controllers"]),
                    "most": _fields(given["most"]),
                    "writes": _fields(given.get("writes", [])),
                    "review_on": _date(given["review_on"]),
                    "condition": given.get("condition"),
                    "schedule_1": given.get("schedule_1"),
                }
            )
        except (KeyError, TypeError, ValueError) as error:
            message = f"a purpose is not complete or has a member that is not known: {error}"
            raise InvalidInputError(message) from error
        made._check()
        return made

    def _check(self) -> None:
        special = any(CATALOGUE.field(name).is_special for name in self.most | self.writes)
        if special and not self.condition:
            message = f"purpose `{self.slug}` asks for special categories and names no Art. 9 condition"
            raise InvalidInputError(message)
        closed = sorted(name for name in self.writes if CATALOGUE.field(name).needs_reveal or name.startswith("other."))
        if closed:
            message = f"purpose `{self.slug}` may not write {', '.join(closed)}: these are never written by staff"
            raise InvalidInputError(message)
        strange = sorted(set(self.whys) - self.most - {name.partition(".")[0] for name in self.most})
        if strange or not all(isinstance(words, str) for words in self.whys.values()):
            message = f"purpose `{self.slug}` says why for what it may not ask for: {', '.join(strange) or 'no text'}"
            raise InvalidInputError(message)
        known = {*TEXTS, *(f"whys.{name}" for name in self.whys)}
        if not set(self.welsh) <= known or not all(isinstance(words, str) for words in self.welsh.values()):
            message = f"purpose `{self.slug}` has Welsh words for what has no English: {', '.join(sorted(self.welsh))}"
            raise InvalidInputError(message)
        if self.emergency and (self.choice is not Choice.TOLD_AFTERWARDS or not self.most):
            message = f"purpose `{self.slug}` is for emergencies: name what opens, and tell the person afterwards"
            raise InvalidInputError(message)
        self._check_proof()
        if not 0 <= self.max_days <= LONGEST_DAYS or self.max_uses < 0:
            message = f"purpose `{self.slug}`: max_days must be 0 to {LONGEST_DAYS} and max_uses not negative"
            raise InvalidInputError(message)

    def _check_proof(self) -> None:
        if not self.asks_for_proof:
            return
        if not self.citizen_decides:
            message = f"purpose `{self.slug}` is not decided by the citizen, so no sign-in of theirs can be asked for"
            raise InvalidInputError(message)
        if self.sign_in_acr not in {None, PHISHING_RESISTANT}:
            raise InvalidInputError(f"purpose `{self.slug}`: sign_in_acr is `{PHISHING_RESISTANT}`, or left out")
        age = self.sign_in_max_age
        if age is not None and (type(age) is not int or not SHORTEST_AGE <= age <= LONGEST_DAYS * 86_400):
            message = f"purpose `{self.slug}`: sign_in_max_age is seconds, {SHORTEST_AGE} at least, or left out"
            raise InvalidInputError(message)

    def as_json(self) -> dict[str, Any]:
        """The definition as it is stored."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        whys, welsh, writes = plain.pop("whys"), plain.pop("welsh"), plain.pop("writes")
        proof = {name: plain.pop(name) for name in ("sign_in_max_age", "sign_in_acr")}
        return {
            **plain,
            **({"whys": dict(whys)} if whys else {}),
            **({"welsh": dict(welsh)} if welsh else {}),
            **({"writes": sorted(writes)} if writes else {}),
            **{name: value for name, value in proof.items() if value is not None},
            "choice": str(self.choice),
            "controllers": list(self.controllers),
            "most": sorted(self.most),
            "review_on": self.review_on.isoformat(),
        }


def stored(given: Mapping[str, Any]) -> Definition:
    """The definition that a row of the registry holds; the same content is parsed once."""
    return _parsed(orjson.dumps(given, option=orjson.OPT_SORT_KEYS))


@lru_cache(maxsize=512)
def _parsed(content: bytes) -> Definition:
    return Definition.parse(orjson.loads(content))


def _date(value: object) -> date:
    return value if isinstance(value, date) else date.fromisoformat(str(value))


def _fields(names: list[str]) -> frozenset[str]:
    """The named fields; ``medication.*`` stands for all of a category that may be asked for in bulk."""
    found: set[str] = set()
    for name in names:
        if name.endswith(".*"):
            found |= CATALOGUE.bundle(name[:-2])
        elif CATALOGUE.has(name):
            found.add(name)
        else:
            message = f"`{name}` is not in the catalogue"
            raise UnknownFieldError(message)
    return frozenset(found)
