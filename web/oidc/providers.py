"""The identity providers that this vault trusts, as its operator wrote them down in one TOML file.

``docs/guides/identity-providers.md`` shows whole examples for GOV.UK One Login, NHS login and a council's directory.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, Literal
from urllib.parse import urlsplit

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, RSAKey

from vault.kinds import Role
from web.faults import SettingError

SETTING: Final = "CITIZEN_VAULT_IDENTITY_PROVIDERS"
ALGORITHMS: Final = frozenset({"ES256", "ES384", "PS256", "PS384", "PS512", "RS256", "RS384", "RS512"})
"""Signatures that an operator may choose from: asymmetric ones, so that no public key is taken for a secret."""
LOCAL: Final = frozenset({"localhost", "127.0.0.1", "::1"})
_ADDRESSES: Final = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
_MUST: Final = frozenset({"name", "words", "people", "issuer", "client_id", "client_key", "levels", *_ADDRESSES})
_MAY: Final = frozenset(
    {
        "scopes",
        "algorithms",
        "level_claim",
        "ask_levels",
        "names_issuer",
        "groups_claim",
        "groups",
        "birth_date_claim",
        "nhs_number_claim",
    }
)


@dataclass(frozen=True, slots=True)
class Work:
    """What membership of a group of the council's directory stands for: a role, and for officers their service."""

    role: Role
    service: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Provider:
    """One identity provider."""

    name: str
    """In addresses and in the log: small letters and dashes."""
    words: str
    """What people call it."""
    people: Literal["residents", "staff"]
    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    userinfo_endpoint: str
    jwks_uri: str
    client_id: str
    client_key: ECKey | RSAKey = field(repr=False)
    levels: frozenset[str]
    """The values of the level claim that are enough (``P2``, ``Cl.Cm.P2`` …)."""
    level_claim: str = "acr"
    """Where the ID token says how sure it is: ``acr``, or ``vot`` for vectors of trust (RFC 8485)."""
    ask_levels: str = "acr_values"
    """How to ask for a level: ``acr_values``, or ``vtr`` for vectors of trust."""
    scopes: tuple[str, ...] = ("openid",)
    algorithms: frozenset[str] = frozenset({"ES256"})
    names_issuer: bool = False
    """Whether its answers name it (``iss``, RFC 9207); then an answer without is refused."""
    groups_claim: str = "groups"
    groups: Mapping[str, Work] = field(default_factory=dict)
    birth_date_claim: str = ""
    """Where it says a birth date that the person's own must equal, such as ``birthdate``; empty where it says none."""
    nhs_number_claim: str = ""
    """Where it says an NHS number that the person's own must equal; empty where it says none."""

    @property
    def method(self) -> str:
        """How sign-ins through it are called in the log; the word before the colon says how long they last."""
        return f"{'directory' if self.people == 'staff' else 'provider'}:{self.name}"


def read(path: Path) -> tuple[Provider, ...]:
    """
    Read the file of providers.

    Raises:
        SettingError: It cannot be read, or something in it is missing, unknown or unsafe; the message says what.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise SettingError(f"{SETTING} names a file that cannot be read as TOML") from error
    found = tuple(_provider(one, path.parent) for one in given.get("provider", []))
    if len({one.name for one in found}) != len(found) or len({one.issuer for one in found}) != len(found):
        raise SettingError(f"{SETTING}: two providers have the same name or the same issuer")
    return found


def _provider(given: Mapping[str, Any], folder: Path) -> Provider:
    name = str(given.get("name", ""))
    if not _MUST <= given.keys() <= _MUST | _MAY:
        wrong = sorted(_MUST - given.keys()) + sorted(given.keys() - _MUST - _MAY)
        raise _wrong(name, f"missing or unknown: {', '.join(wrong)}")
    if not name.replace("-", "").isalnum() or not name.isascii() or not name.islower():
        raise _wrong(name, "a name has small letters, digits and dashes")
    if given["people"] not in {"residents", "staff"}:
        raise _wrong(name, "`people` is `residents` or `staff`")
    for address in ("issuer", *_ADDRESSES):
        _check_address(name, address, str(given[address]))
    algorithms = frozenset(given.get("algorithms", ["ES256"]))
    if not algorithms or not algorithms <= ALGORITHMS:
        raise _wrong(name, f"`algorithms` are some of {', '.join(sorted(ALGORITHMS))}")
    if not given["levels"]:
        raise _wrong(name, "`levels` names at least one level that is enough")
    rest = {key: given[key] for key in (_MUST | _MAY) & given.keys() if key not in _READ}
    return Provider(
        **rest,
        client_key=_key(name, folder / str(given["client_key"])),
        levels=frozenset(given["levels"]),
        scopes=tuple(given.get("scopes", ["openid"])),
        algorithms=algorithms,
        groups={group: _work(name, group, work) for group, work in given.get("groups", {}).items()},
    )


_READ: Final = frozenset({"client_key", "levels", "scopes", "algorithms", "groups"})
"""Members that need more than being passed on."""


def _wrong(name: str, right: str) -> SettingError:
    return SettingError(f"{SETTING}: provider `{name}`: {right}")


def _check_address(name: str, member: str, value: str) -> None:
    given = urlsplit(value)
    local = given.scheme == "http" and given.hostname in LOCAL
    if not given.hostname or given.fragment or (given.scheme != "https" and not local):
        raise _wrong(name, f"`{member}` begins with `https://`")


def _key(name: str, path: Path) -> ECKey | RSAKey:
    try:
        text = path.read_bytes()
    except OSError as error:
        raise _wrong(name, "`client_key` names a file with a private key, beside this one") from error
    for kind in (ECKey, RSAKey):
        try:
            found: ECKey | RSAKey = kind.import_key(text)
        except (JoseError, ValueError, TypeError):
            continue
        if found.is_private:
            return found
    raise _wrong(name, "`client_key` holds a private key (PEM): P-256 for ES256, or RSA for PS256")


def _work(name: str, group: str, given: Mapping[str, Any]) -> Work:
    try:
        work = Work(Role(given.get("role", "")), str(given.get("service", "")))
    except ValueError as error:
        raise _wrong(name, f"group `{group}` names a role: officer, auditor or administrator") from error
    if work.role is Role.CITIZEN or (work.role is Role.OFFICER) != bool(work.service):
        raise _wrong(name, f"group `{group}`: an officer has a service, nobody else has, and residents have no group")
    return work
