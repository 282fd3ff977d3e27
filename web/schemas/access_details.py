"""Rich authorization requests (RFC 9396): the one type ``vault_access``, read from a request and written of a grant.

    {"type": "vault_access", "actions": ["read"], "datatypes": ["medication", "identity"],
     "fields": {"identity": ["name", "date_of_birth"]}, "purpose": "home-care-support",
     "max_uses": 500, "grant_period": "P30D", "reason": {"en": "…"}}

The purpose decides: a request may repeat or narrow what is registered for it. A category without a list of fields means
all of it that the purpose may ask for.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from marshmallow import RAISE, Schema, ValidationError, fields, validate

from vault.catalogue import CATALOGUE
from vault.grants import GrantView
from vault.purposes import Definition
from web.faults import MalformedRequestError
from web.schemas import strict_json

TYPE: Final = "vault_access"
READ: Final = "read"
WRITE: Final = "write"
ACTIONS: Final = (READ, WRITE)
PARAMETER: Final = "authorization_details"
MOST_USES: Final = 1_000_000
MOST_NAMES: Final = 200
MOST_REASON: Final = 500  # characters
DAYS_IN_WEEK: Final = 7

_NAME: Final = validate.Regexp(r"[a-z][a-z0-9_]{0,63}\Z", error="not a name of the catalogue")
_SLUG: Final = validate.Regexp(r"[a-z0-9][a-z0-9-]{0,63}\Z", error="not a purpose's name")
_PERIOD: Final = re.compile(r"P([1-9][0-9]{0,3})([DW])")


class DetailsRefusedError(Exception):
    """The details are ``invalid_authorization_details`` (RFC 9396). The message names members, never values."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What a service asks for, before its purpose is looked up."""

    purpose: str
    categories: tuple[str, ...]
    named: Mapping[str, tuple[str, ...]]
    """Short field names by category, for categories that do not mean all."""
    days: int | None
    uses: int | None
    reason: str
    case_reference: str | None
    repeated: Mapping[str, str]
    """What it repeats of the purpose's registration: basis, condition, choice."""
    writes: bool = False
    """Whether it says that it is to write, too."""

    def fields_for(self, purpose: Definition) -> frozenset[str]:
        """
        The full field names asked for, where a whole category means all that *purpose* may ask for in bulk.

        What is private, a danger or about other people too is in no category as a whole: it is asked for by its name.

        Raises:
            DetailsRefusedError: A category is none of the purpose's, or a repeated fact differs from its registration.
        """
        registered = {"basis": purpose.basis, "condition": purpose.condition, "choice": str(purpose.choice)}
        for member, value in self.repeated.items():
            if registered[member] != value:
                raise DetailsRefusedError(f"`{member}` is not what is registered for this purpose")
        if self.writes and not purpose.writes:
            raise DetailsRefusedError("nothing may be written under this purpose")
        return frozenset(name for category in self.categories for name in self._of(category, purpose))

    def _of(self, category: str, purpose: Definition) -> list[str]:
        if category in self.named:
            return [f"{category}.{name}" for name in self.named[category]]
        every = [name for name in purpose.most if name.startswith(f"{category}.")]
        if not every:
            raise DetailsRefusedError(f"this purpose may not ask for `{category}`")
        whole = [name for name in every if not CATALOGUE.field(name).only_by_name]
        if not whole:
            raise DetailsRefusedError(f"name the fields of `{category}`: they are given only by their own names")
        return whole


def _plain(text: str) -> None:
    if not text.isprintable() or not text.strip():
        raise ValidationError("not plain text on one line")


def _reads(actions: list[str]) -> None:
    if READ not in actions or len(set(actions)) != len(actions):
        raise ValidationError("read, or read and write, each once")


class ReasonSchema(Schema):
    """The service's own words, shown below the registry's as "the service says"."""

    class Meta:
        """Refuse other languages than the portal's."""

        unknown = RAISE

    en = fields.String(required=True, validate=[validate.Length(1, MOST_REASON), _plain])
    cy = fields.String(validate=[validate.Length(1, MOST_REASON), _plain])


class AccessDetailSchema(Schema):
    """One ``vault_access`` object."""

    class Meta:
        """Refuse members that are not known (RFC 9396, section 5)."""

        unknown = RAISE

    type = fields.String(required=True, validate=validate.Equal(TYPE))
    actions = fields.List(
        fields.String(validate=validate.OneOf(ACTIONS)),
        required=True,
        validate=[validate.Length(1, len(ACTIONS)), _reads],
    )
    locations = fields.List(fields.String(), validate=validate.Length(1, 1))
    datatypes = fields.List(fields.String(validate=_NAME), required=True, validate=validate.Length(1, 50))
    fields_ = fields.Dict(
        keys=fields.String(validate=_NAME),
        values=fields.List(fields.String(validate=_NAME), validate=validate.Length(1, MOST_NAMES)),
        data_key="fields",
    )
    purpose = fields.String(required=True, validate=_SLUG)
    basis = fields.String(validate=validate.Length(1, 32))
    condition = fields.String(validate=validate.Length(1, 32))
    choice = fields.String(validate=validate.Length(1, 32))
    max_uses = fields.Integer(strict=True, validate=validate.Range(1, MOST_USES))
    grant_period = fields.String(
        validate=validate.Regexp(_PERIOD.pattern + r"\Z", error="not days or weeks, as in P30D")
    )
    reason = fields.Nested(ReasonSchema)
    case_reference = fields.String(validate=[validate.Length(1, 64), _plain])


_DETAIL: Final = AccessDetailSchema()


def parse(text: str, *, location: str) -> Wanted:
    """
    Read the parameter ``authorization_details``: a JSON array of exactly one ``vault_access`` object.

    Args:
        text: The parameter's value.
        location: The data API's address, the only one that ``locations`` may name.

    Raises:
        DetailsRefusedError: It is not that, has an unknown member, or names what the catalogue does not hold.
    """
    try:
        given = strict_json.parse(text.encode())
        if not isinstance(given, list) or len(given) != 1 or not isinstance(given[0], dict):
            raise DetailsRefusedError("give an array of exactly one object")
        loaded: dict[str, Any] = _DETAIL.load(given[0])
    except MalformedRequestError as error:
        raise DetailsRefusedError(str(error)) from None
    except ValidationError as error:
        raise DetailsRefusedError(_members_of(error)) from None
    if loaded.get("locations", [location]) != [location]:
        raise DetailsRefusedError("`locations` names another address than this data API")
    return _wanted(loaded)


def _members_of(error: ValidationError) -> str:
    """Which members are wrong. Unknown ones are counted, not quoted: their names came from outside."""
    messages: Mapping[Any, Any] = error.messages if isinstance(error.messages, dict) else {}
    known = sorted({field.data_key or name for name, field in _DETAIL.fields.items()} & messages.keys())
    unknown = len(messages) - len(known)
    parts = [f"`{name}` is missing or is not as described" for name in known]
    return "; ".join([*parts, *([f"{unknown} unknown member(s)"] if unknown else [])])


def _wanted(loaded: Mapping[str, Any]) -> Wanted:
    categories = tuple(loaded["datatypes"])
    named = {category: tuple(names) for category, names in loaded.get("fields_", {}).items()}
    _check_names(categories, named)
    return Wanted(
        purpose=loaded["purpose"],
        categories=categories,
        named=named,
        days=_days(loaded.get("grant_period")),
        uses=loaded.get("max_uses"),
        reason=loaded.get("reason", {}).get("en", ""),
        case_reference=loaded.get("case_reference"),
        writes=WRITE in loaded["actions"],
        repeated={name: loaded[name] for name in ("basis", "condition", "choice") if name in loaded},
    )


def _check_names(categories: tuple[str, ...], named: Mapping[str, tuple[str, ...]]) -> None:
    if len(set(categories)) != len(categories) or any(len(set(names)) != len(names) for names in named.values()):
        raise DetailsRefusedError("a category or a field stands twice")
    if not named.keys() <= set(categories):
        raise DetailsRefusedError("`fields` names a category that `datatypes` does not")
    held = {category.name for category in CATALOGUE.categories}
    full = [f"{category}.{name}" for category, names in named.items() for name in names]
    if not set(categories) <= held or not all(CATALOGUE.has(name) for name in full):
        raise DetailsRefusedError("a category or a field is not in the catalogue")


def _days(period: str | None) -> int | None:
    found = _PERIOD.fullmatch(period) if period else None
    return int(found[1]) * (DAYS_IN_WEEK if found[2] == "W" else 1) if found else None


def of_grant(grant: GrantView, *, location: str) -> list[dict[str, Any]]:
    """What was granted, as ``authorization_details`` of a token response (RFC 9396, section 7)."""
    by_category, writes = _by_category(grant.reach), _by_category(grant.purpose.writes)
    return [
        {
            "type": TYPE,
            "actions": list(ACTIONS if writes else (READ,)),
            "locations": [location],
            "datatypes": sorted(by_category),
            "fields": by_category,
            "purpose": grant.purpose.slug,
            "basis": grant.purpose.basis,
            "choice": str(grant.purpose.choice),
            "max_uses": grant.max_uses,
            "uses": grant.uses,
            "not_after": grant.not_after.isoformat(),
            **({"writes": writes} if writes else {}),
        }
    ]


def _by_category(names: Iterable[str]) -> dict[str, list[str]]:
    """Short names by category."""
    found: dict[str, list[str]] = {}
    for name in sorted(names):
        category, _, short = name.partition(".")
        found.setdefault(category, []).append(short)
    return found
