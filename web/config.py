"""Settings: read once from the environment, checked at once, never changed while the vault runs.

Each is an environment variable ``CITIZEN_VAULT_…``; ``docs/guides/settings.md`` lists them for operators. None of
them is a secret: keys live in the key store that ``ROOT_KEY`` points to.
"""

import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self
from urllib.parse import SplitResult, urlsplit

from web.faults import SettingError
from web.oidc.providers import Provider
from web.oidc.providers import read as read_providers
from web.outgoing_http import Network

PREFIX: Final = "CITIZEN_VAULT_"
DEFAULT_ISSUER: Final = "http://localhost:8000"
LOCAL_HOSTS: Final = frozenset({"localhost", "127.0.0.1", "::1"})

_ORIGIN: Final = re.compile(r"[a-z0-9][a-z0-9./_-]{0,199}")
_MAILBOX: Final = re.compile(r"[A-Za-z0-9._+-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*")
_YES: Final = frozenset({"1", "true", "yes", "on"})
_NO: Final = frozenset({"", "0", "false", "no", "off"})
_DATABASES: Final = frozenset({"sqlite", "postgres", "postgresql", "postgresql+psycopg"})
_TEXT_MOST: Final = 200  # characters


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """Everything an operator may set."""

    home: Path
    """The folder for what the vault keeps on this machine; made when it is not there."""
    database_url: str
    """``sqlite:///path`` or ``postgresql://…``."""
    root_key: str
    """Where the root key lives, such as ``file:/srv/vault/keys``: a place, never a key."""
    issuer: str
    """The address people and services know this vault by, without a slash at the end (RFC 8414, section 2)."""
    origin: str
    """The name of the log (C2SP tlog-checkpoint): it is signed, so it never changes."""
    demo: bool = False
    """Whether this is an invented council, where one-time links sign people in."""
    council: str = "Your council"
    """The council's name, as residents say it."""
    help_phone: str = ""
    """The number to ring for help; empty hides the line."""
    help_email: str = ""
    """The address to write to for help; empty hides the line."""
    smtp: str = ""
    """The mail server: ``smtps://name@host``, ``smtp://name@host`` (upgraded to TLS), or empty for no e-mail."""
    smtp_password: str = field(default="", repr=False)
    """A file that holds the mail server's password: a place, never a password."""
    mail_from: str = ""
    """The address that e-mails come from."""
    witnesses: str = ""
    """The file that names the log's witnesses (`web.witness.asking`); empty where nobody outside vouches for it."""
    identity_providers: tuple[Provider, ...] = ()
    """Who else may say who somebody is: residents' identity providers, and the council's directory."""
    proxies: int = 0
    """How many trusted proxies stand in front and name the caller (``X-Forwarded-…``)."""
    outgoing_networks: tuple[Network, ...] = ()
    """Networks that are not public and may be called all the same, where a service registered an address in one."""

    service_calls: int = 6000
    citizen_calls: int = 240
    """How often a service may call in a minute, in all and about one person (`web.api.pace`)."""
    client_certificates_from: tuple[Network, ...] = ()
    """The proxies whose word on a client's certificate counts (`web.certificates`); empty where none does."""

    @property
    def secure(self) -> bool:
        """Whether people reach this vault over https."""
        return self.issuer.startswith("https://")

    @property
    def host(self) -> str:
        """The issuer's host without its port: the relying party id of passkeys (Web Authentication, section 5.1.3)."""
        return urlsplit(self.issuer).hostname or ""

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> Self:
        """
        Read the settings.

        Raises:
            SettingError: One is malformed; the message names it and says what is right.
        """
        given = {name.removeprefix(PREFIX): value.strip() for name, value in environ.items() if name.startswith(PREFIX)}
        home = Path(given.get("HOME") or "var").absolute()
        return cls(
            home=home,
            database_url=_database(given.get("DATABASE_URL") or f"sqlite:///{home / 'vault.db'}"),
            root_key=_key_store(given.get("ROOT_KEY") or f"file:{home / 'keys'}"),
            issuer=_issuer(given.get("ISSUER") or DEFAULT_ISSUER),
            origin=_origin(given.get("ORIGIN") or "citizen-vault"),
            demo=_flag("DEMO", given.get("DEMO", "")),
            council=_text("COUNCIL", given.get("COUNCIL") or "Your council"),
            help_phone=_text("HELP_PHONE", given.get("HELP_PHONE", "")),
            help_email=_text("HELP_EMAIL", given.get("HELP_EMAIL", "")),
            smtp=_mail_server(given.get("SMTP", "")),
            smtp_password=given.get("SMTP_PASSWORD_FILE", ""),
            mail_from=_mail_from(given.get("MAIL_FROM", ""), needed=bool(given.get("SMTP"))),
            witnesses=given.get("WITNESSES", ""),
            identity_providers=_providers(given.get("IDENTITY_PROVIDERS", "")),
            proxies=_count("PROXIES", given.get("PROXIES", "0")),
            client_certificates_from=_networks("CLIENT_CERTIFICATES_FROM", given.get("CLIENT_CERTIFICATES_FROM", "")),
            service_calls=_calls("SERVICE_CALLS", given.get("SERVICE_CALLS") or "6000"),
            citizen_calls=_calls("CITIZEN_CALLS", given.get("CITIZEN_CALLS") or "240"),
            outgoing_networks=_networks("OUTGOING_NETWORKS", given.get("OUTGOING_NETWORKS", "")),
        )


def _providers(path: str) -> tuple[Provider, ...]:
    return read_providers(Path(path)) if path else ()


def _wrong(name: str, right: str) -> SettingError:
    """The error for setting *name*: it says what is right and leaves out the value, which may hold a password."""
    return SettingError(f"{PREFIX}{name} is not right: {right}")


def _database(value: str) -> str:
    if "://" in value and value.split("://", 1)[0] not in _DATABASES:
        raise _wrong("DATABASE_URL", "it is `sqlite:///path/to/vault.db` or `postgresql://user@host/name`")
    return value if "://" in value else f"sqlite:///{Path(value).absolute()}"


def _key_store(value: str) -> str:
    kind, _, place = value.partition(":")
    if kind != "file" or not place:
        raise _wrong("ROOT_KEY", "it names a key store, `file:` and a folder that only the vault may read")
    return f"file:{Path(place).absolute()}"


def _issuer(value: str) -> str:
    given = _address(value)
    if not given.hostname or given.query or given.fragment or given.path.rstrip("/") or given.username:
        raise _wrong("ISSUER", "it is an address without a path, such as `https://vault.example.org`")
    if given.scheme != "https" and not (given.scheme == "http" and given.hostname in LOCAL_HOSTS):
        raise _wrong("ISSUER", "it begins with `https://`; plain `http://` is for this machine only")
    return value.rstrip("/")


def _address(value: str) -> SplitResult:
    try:
        given = urlsplit(value)
        _ = given.port
    except ValueError as error:
        raise _wrong("ISSUER", "it is not an address") from error
    return given


def _mail_server(value: str) -> str:
    if not value:
        return ""
    try:
        given = urlsplit(value)
        _ = given.port
    except ValueError as error:
        raise _wrong("SMTP", "it is not an address") from error
    if given.scheme not in {"smtp", "smtps"} or not given.hostname or given.path.strip("/") or given.query:
        raise _wrong("SMTP", "it is `smtps://host`, or `smtp://host:587`, which is upgraded to TLS")
    if given.password:
        raise _wrong("SMTP", "the password stands in the file that SMTP_PASSWORD_FILE names")
    return value


def _mail_from(value: str, *, needed: bool) -> str:
    if (needed or value) and not _MAILBOX.fullmatch(value):
        raise _wrong("MAIL_FROM", "it is the address that e-mails come from, such as `vault@example.gov.uk`")
    return value


def _origin(value: str) -> str:
    if not _ORIGIN.fullmatch(value):
        raise _wrong(
            "ORIGIN",
            "it has up to 200 small letters, digits, dots, slashes and dashes, such as `vault.example.org/log`",
        )
    return value


def _flag(name: str, value: str) -> bool:
    if value.lower() not in _YES | _NO:
        raise _wrong(name, "it is `1` or `0`")
    return value.lower() in _YES


def _count(name: str, value: str) -> int:
    if not value.isascii() or not value.isdigit() or len(value) > 1:
        raise _wrong(name, "it is a number from 0 to 9")
    return int(value)


def _calls(name: str, value: str) -> int:
    if not re.fullmatch(r"[1-9][0-9]{0,6}", value):
        raise _wrong(name, "it is a number of calls in a minute, from 1 to 9999999")
    return int(value)


def _networks(name: str, value: str) -> tuple[Network, ...]:
    try:
        return tuple(ipaddress.ip_network(each.strip()) for each in value.split(",") if each.strip())
    except ValueError as error:
        raise _wrong(name, "it lists networks with commas between them, such as `10.20.0.0/16, fd12::/48`") from error


def _text(name: str, value: str) -> str:
    if len(value) > _TEXT_MOST or not value.isprintable():
        raise _wrong(name, f"it is one line of at most {_TEXT_MOST} characters")
    return value
