"""Every code that a service can be answered with is listed once, with what to do about it."""

import re
from http import HTTPStatus
from pathlib import Path

from tests import error_guide
from web.errors import STATUS, code_of, status_of
from web.remedies import DATA_API, OAUTH

PORTAL_ALONE = {
    "asked_too_soon",
    "link_used",
    "passkey_refused",
    "proof_needed",
    "provider_failed",
    "provider_refused",
    "recovery_waits",
    "second_person_needed",
    "setting_wrong",
    "sign_in_asked",
    "sign_in_ended",
    "sign_in_needed",
    "typesetting_failed",
    "wrong_role",
    "beyond_purpose",
    "import_refused",
    "too_often",
    "not_known_here",
    "verified_unusable",
    "entry_damaged",
}
"""Codes that people meet on pages, or at the command line, and no service on the data API."""


def test_every_outcome_that_a_service_can_meet_has_its_remedy_and_status() -> None:
    for kind in STATUS:
        error = kind("a message")
        if code_of(error) not in PORTAL_ALONE:
            assert DATA_API[code_of(error)].status == status_of(error), kind


def test_what_the_web_server_refuses_by_itself_has_its_remedy_too() -> None:
    own = (HTTPStatus.BAD_REQUEST, HTTPStatus.NOT_FOUND, HTTPStatus.METHOD_NOT_ALLOWED, HTTPStatus.TOO_MANY_REQUESTS)
    assert {DATA_API[status.name.lower()].status for status in own} == set(own)


def test_every_oauth_error_that_the_code_names_has_its_remedy(root: Path) -> None:
    source = "\n".join(path.read_text(encoding="utf-8") for path in (root / "web/api").glob("*.py"))
    named = set(re.findall(r'OAuthRefusedError\(\s*"([a-z_]+)"|^    error = "([a-z_]+)"', source, flags=re.MULTILINE))
    found = {name for pair in named for name in pair if name}
    assert found
    assert found <= set(OAUTH), "add what is missing to web/remedies.py"


def test_the_guide_says_what_the_table_says() -> None:
    assert error_guide.GUIDE.read_text(encoding="utf-8") == error_guide.text(), "run python -m tests.error_guide"


def test_the_client_for_services_carries_the_tables_own_remedies() -> None:
    assert error_guide.REMEDIES.read_text(encoding="utf-8") == error_guide.remedies(), "run python -m tests.error_guide"
