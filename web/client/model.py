"""What goes to the vault and what comes back, as plain frozen values. Tokens and values never show in a `repr`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

_PLAIN = frozenset(map(chr, range(0x20, 0x7F)))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What a service asks for: one purpose, and what of the record (RFC 9396, type ``vault_access``)."""

    purpose: str
    fields: Sequence[str] = ()
    """Full field names, such as ``medication.name``."""
    categories: Sequence[str] = ()
    """Categories of which all is wanted that the purpose may ask for."""
    days: int | None = None
    """For how long, where less than the purpose's own is enough."""
    uses: int | None = None
    """How many reads, where fewer than the purpose's own are enough."""
    reason: str = ""
    """The service's own words to the person, up to 500 characters; they stand below the registry's."""
    case_reference: str = ""
    """The case, where the law decides and the purpose needs one named."""

    def as_details(self) -> list[dict[str, Any]]:
        """The ``authorization_details``."""
        named: dict[str, list[str]] = {}
        for full in self.fields:
            category, _, short = full.partition(".")
            named.setdefault(category, []).append(short)
        optional = {
            "fields": named,
            "max_uses": self.uses,
            "grant_period": f"P{self.days}D" if self.days else None,
            "reason": {"en": self.reason} if self.reason else None,
            "case_reference": self.case_reference,
        }
        fixed = {"type": "vault_access", "actions": ["read"], "purpose": self.purpose}
        datatypes = sorted({*named, *self.categories})
        return [{**fixed, "datatypes": datatypes, **{name: value for name, value in optional.items() if value}}]


@dataclass(frozen=True, slots=True)
class Acting:
    """Who looks, vouched for by the service: the person sees role and team, an auditor the reference."""

    reference: str
    role: str
    team: str = ""

    def as_header(self) -> str:
        """The ``Vault-Actor`` header (RFC 9651)."""
        told = {"reference": self.reference, "role": self.role, **({"team": self.team} if self.team else {})}
        return ", ".join(f"{name}={_structured(value)}" for name, value in told.items())


def _structured(text: str) -> str:
    """A String, or a Display String for letters beyond ASCII (RFC 9651, sections 3.3.3 and 3.3.8)."""
    if _PLAIN.issuperset(text):
        return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
    return '%"' + "".join(one if one in _PLAIN - {"%", '"'} else quote(one, safe="").lower() for one in text) + '"'


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that waits for the person."""

    auth_req_id: str = field(repr=False)
    expires_in: int
    """Seconds until it ends without an answer."""
    interval: int
    """Seconds between polls, at least."""


@dataclass(frozen=True, slots=True)
class Token:
    """What was granted, and the token for it."""

    access_token: str = field(repr=False)
    expires_in: int
    """Seconds that the access token lives; refreshed by `VaultClient.refresh`."""
    grant_id: str
    """The grant, under a name for this service alone."""
    subject: str
    """The person, under a name for this service alone."""
    details: Sequence[Mapping[str, Any]]
    """What was granted, which may be less than was asked for."""
    refresh_token: str = field(repr=False, default="")

    @property
    def fields(self) -> tuple[str, ...]:
        """Full names of the granted fields, sorted."""
        held = self.details[0].get("fields", {}) if self.details else {}
        return tuple(sorted(f"{category}.{name}" for category, names in held.items() for name in names))


@dataclass(frozen=True, slots=True)
class Visit:
    """A person who is present is led to `address`, and comes back to where the service is registered."""

    address: str = field(repr=False)
    state: str = field(repr=False)
    verifier: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True, slots=True)
class Record:
    """One item, cut to what may be seen."""

    id: str
    category: str
    version: int
    status: str
    as_of: str | None
    organisation: str
    """Where it came from."""
    fields: Mapping[str, Any] = field(repr=False)
    """Values by full name."""


@dataclass(frozen=True, slots=True)
class State:
    """What must be known of a field that is dangerous to miss; silence is never "none"."""

    kind: str
    """``value``, ``none-known``, ``not-recorded`` or ``not-shared``."""
    detail: str


@dataclass(frozen=True, slots=True)
class Read:
    """What one look showed."""

    records: Sequence[Record]
    fields: tuple[str, ...]
    """What was released."""
    missing: tuple[str, ...]
    states: Mapping[str, State]
    receipt: str
    """The vault's signed promise that this look stands in the log: keep it."""
    tag: str = ""
    """Give it to the next read, which then brings nothing where nothing changed."""
    next_page: str = ""
    """The `after` of the next page, where there is one."""


@dataclass(frozen=True, slots=True)
class Written:
    """What was kept, or passed on and reported."""

    id: str
    version: int
    receipt: str


@dataclass(frozen=True, slots=True)
class Person:
    """One line of a bulk read: one person under one grant, opened or refused."""

    grant_id: str
    subject: str
    read: Read | None
    problem: Mapping[str, Any] | None
    """Why there is no answer (RFC 9457)."""
