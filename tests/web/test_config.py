from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.config import PREFIX, Config
from web.faults import SettingError


def read(**settings: str) -> Config:
    return Config.from_environment({PREFIX + name: value for name, value in settings.items()})


def test_nothing_needs_to_be_set() -> None:
    made = Config.from_environment({})
    assert made.home == Path("var").absolute()
    assert made.database_url == f"sqlite:///{made.home / 'vault.db'}"
    assert made.root_key == f"file:{made.home / 'keys'}"
    assert (made.issuer, made.host, made.secure, made.demo) == ("http://localhost:8000", "localhost", False, False)


def test_https_makes_cookies_secure() -> None:
    assert read(ISSUER="https://vault.example.org/").secure
    assert read(ISSUER="https://vault.example.org/").issuer == "https://vault.example.org"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ISSUER", "http://vault.example.org"),
        ("ISSUER", "ftp://localhost"),
        ("ISSUER", "https://vault.example.org/path"),
        ("ISSUER", "https://vault.example.org?x=1"),
        ("ISSUER", "https://somebody@vault.example.org"),
        ("ISSUER", "https://vault.example.org:port"),
        ("ISSUER", "vault.example.org"),
        ("DATABASE_URL", "mysql://localhost/vault"),
        ("ROOT_KEY", "secret"),
        ("ROOT_KEY", "file:"),
        ("ROOT_KEY", "env:KEY"),
        ("ORIGIN", "Vault With Spaces"),
        ("ORIGIN", "x" * 201),
        ("DEMO", "perhaps"),
        ("SERVICE_CALLS", "0"),
        ("CITIZEN_CALLS", "many"),
        ("PROXIES", "-1"),
        ("PROXIES", "10"),
        ("PROXIES", "²"),
        ("COUNCIL", "two\nlines"),
        ("HELP_PHONE", "1" * 201),
    ],
)
def test_a_malformed_setting_stops_the_start_and_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=PREFIX + name):
        read(**{name: value})


def test_the_sentence_leaves_out_what_may_be_a_password() -> None:
    with pytest.raises(SettingError) as raised:
        read(DATABASE_URL="mysql://vault:hunter2@db/vault")
    assert "hunter2" not in str(raised.value)


@given(
    st.sampled_from(["ISSUER", "DATABASE_URL", "ROOT_KEY", "ORIGIN", "DEMO", "PROXIES", "SERVICE_CALLS", "COUNCIL"]),
    st.text(),
)
def test_any_text_at_all_is_read_or_refused_with_a_sentence(name: str, value: str) -> None:
    with suppress(SettingError):
        read(**{name: value})


def test_a_path_alone_is_a_sqlite_database() -> None:
    assert read(DATABASE_URL="/srv/vault.db").database_url == "sqlite:////srv/vault.db"


def test_a_mail_server_is_named_with_the_address_that_mail_comes_from() -> None:
    made = read(SMTP="smtps://vault@mail.example.org", MAIL_FROM="vault@example.org", SMTP_PASSWORD_FILE="/run/mail")
    assert (made.smtp, made.mail_from) == ("smtps://vault@mail.example.org", "vault@example.org")
    assert "/run/mail" not in repr(made)
    assert read().smtp == ""


@pytest.mark.parametrize(
    ("server", "sender"),
    [
        ("smtp://mail.example.org", ""),
        ("smtp://mail.example.org", "not an address"),
        ("smtp://mail.example.org", "a@b.example\nBcc: c@d.example"),
        ("https://mail.example.org", "vault@example.org"),
        ("smtp://", "vault@example.org"),
        ("smtp://mail.example.org:port", "vault@example.org"),
        ("smtp://me:secret@mail.example.org", "vault@example.org"),
    ],
)
def test_a_mail_server_that_is_not_right_is_named_without_its_value(server: str, sender: str) -> None:
    with pytest.raises(SettingError) as refused:
        read(SMTP=server, MAIL_FROM=sender)
    assert "secret" not in str(refused.value)
