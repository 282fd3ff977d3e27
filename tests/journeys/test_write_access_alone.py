"""With write access to the database and nothing else nobody gets a field released: each try over HTTP, in earnest."""

import json
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
import requests as http
from jwskate import Jwk
from playwright.sync_api import Browser
from requests_oauth2client import DPoPKey, DPoPToken
from requests_oauth2client.exceptions import OAuth2Error
from sqlalchemy import Table, insert, select, update

from tests.journeys.test_portal_pages import enter
from tests.keys import press, with_key
from tests.portal_world import Portal
from tests.protocol import granted
from tests.service_world import ACTOR, PERSON, VALUES, World, client_of, details, world
from vault import grants, links
from vault.context import OPERATOR
from vault.holding import hold
from vault.ids import handle_hash, new_handle, new_id
from vault.kinds import LinkKind
from vault.models import Account, Grant, Passkey, Service, SignIn, Token
from web.api.jose import sha256_base64url
from web.auth import COOKIE

TWO = frozenset({"identity.name", "medication.name"})
SECRETS = [value for values in VALUES.values() for value in values.values()]


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Iterator[World]:
    with world(tmp_path, database_url) as made:
        yield made


def rows(place: World | Portal, table: Any, *where: Any) -> list[dict[str, Any]]:
    """What whoever holds the database can read."""
    with place.vault.db.read.connect() as connection:
        return [dict(row) for row in connection.execute(select(_table(table)).where(*where)).mappings()]


def plant(place: World | Portal, table: Any, row: dict[str, Any], **changed: Any) -> None:
    """Add a copy of *row* with some columns changed: its mark is that of the original."""
    with place.vault.db.write.begin() as connection:
        connection.execute(insert(_table(table)).values({**row, **changed}))


def alter(place: World | Portal, table: Any, *where: Any, **changed: Any) -> None:
    """Change columns behind the vault's back."""
    with place.vault.db.write.begin() as connection:
        connection.execute(update(_table(table)).where(*where).values(**changed))


def _table(model: Any) -> Table:
    found: Table = model.__table__
    return found


def read(place: World, handle: str, key: DPoPKey, query: str = "") -> http.Response:
    """A read with a proof of *key*, the server's nonce asked for first."""
    address = f"{place.issuer}/api/v1/records"
    proof = str(key.proof(htm="GET", htu=address, ath=sha256_base64url(handle)))
    headers = {**ACTOR, "Authorization": f"DPoP {handle}", "DPoP": proof}
    with http.get(address + query, headers=headers, timeout=10) as answer:
        fresh = answer.headers.get("DPoP-Nonce")
        if answer.json().get("code") != "use_dpop_nonce" or not fresh:
            return answer
    key.rs_nonce = fresh
    return read(place, handle, key, query)


def assert_nothing(answer: http.Response) -> None:
    assert answer.status_code >= HTTPStatus.BAD_REQUEST, answer.text
    assert [value for value in SECRETS if value in answer.text] == []


def assert_named(place: World | Portal, table: Any) -> None:
    """The tables, held against the log, name a row of *table*."""
    with place.vault.snapshot(OPERATOR) as ctx:
        assert _table(table).name in {defect.table for defect in hold(ctx.session).defects}


def test_reading_works_until_somebody_cheats(place: World) -> None:
    token = granted(place, TWO)
    answer = read(place, token.access_token, token.dpop_key)
    assert answer.status_code == HTTPStatus.OK
    assert SECRETS[0] in answer.text


def test_a_planted_token_opens_nothing(place: World) -> None:
    granted(place, TWO)
    (row, *_) = rows(place, Token, Token.kind == "access")
    mine, handle = DPoPKey.generate(), new_handle()
    plant(place, Token, row, token_hash=handle_hash(handle), thumbprint=str(mine.dpop_jkt))
    assert_nothing(read(place, handle, mine))


def test_a_token_bound_to_another_key_afterwards_opens_nothing(place: World) -> None:
    token, mine = granted(place, TWO), DPoPKey.generate()
    alter(place, Token, Token.kind == "access", thumbprint=str(mine.dpop_jkt))
    assert_nothing(read(place, token.access_token, mine))


@pytest.mark.parametrize(
    "step",
    [None, -1, 1],
    ids=["the state alone", "with the old version", "with a new version"],
)
def test_a_grant_put_back_to_active_opens_nothing(place: World, step: int | None) -> None:
    token = granted(place, TWO)
    kept = rows(place, Token, Token.kind == "access")
    _stop(place)
    (row,) = rows(place, Grant)
    alter(place, Grant, state="active", **({"version": row["version"] + step} if step else {}))
    for each in kept:
        if not rows(place, Token, Token.token_hash == each["token_hash"]):
            plant(place, Token, each)
    assert_nothing(read(place, token.access_token, token.dpop_key))
    with pytest.raises(OAuth2Error):
        place.client().refresh_token(token)
    assert_named(place, Grant)


def test_a_whole_row_of_yesterday_put_back_is_named(place: World) -> None:
    granted(place, TWO)
    (before,) = rows(place, Grant)
    _stop(place)
    alter(place, Grant, **before)
    assert_named(place, Grant)


def test_a_widened_grant_opens_nothing_and_is_named(place: World) -> None:
    token = granted(place, frozenset({"identity.name"}))
    alter(place, Grant, fields=sorted(TWO | {"gp.practice"}))
    assert_nothing(read(place, token.access_token, token.dpop_key))
    assert_nothing(read(place, token.access_token, token.dpop_key, "?fields=medication.name"))
    assert_named(place, Grant)


def test_a_forged_grant_gives_no_token_and_opens_nothing(place: World) -> None:
    token = granted(place, TWO)
    (grant,), (held, *_) = rows(place, Grant), rows(place, Token, Token.kind == "access")
    forged, handle = new_id(), new_handle()
    plant(place, Grant, grant, grant_id=forged, request_id=None)
    plant(place, Token, held, grant_id=forged, token_hash=handle_hash(handle))
    assert_nothing(read(place, handle, token.dpop_key))
    assert_named(place, Grant)


def _stop(place: World) -> None:
    with place.vault.transaction(place.citizen) as ctx:
        (grant,) = grants.of_citizen(ctx, citizen_id=place.citizen_id)
        grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=grant.grant_id)


def test_a_service_with_a_planted_key_may_neither_ask_nor_refresh(place: World) -> None:
    token = granted(place, TWO)
    mine = Jwk.generate(alg="ES256").with_kid_thumbprint()
    public = {"keys": [mine.public_jwk().to_dict()]}
    alter(place, Service, Service.service_id == place.home_care.service_id, jwks=public)
    thief = client_of(place.issuer, place.home_care.slug, mine, session=place.session)
    with pytest.raises(OAuth2Error):
        thief.backchannel_authentication_request(login_hint=PERSON, authorization_details=json.dumps(details()))
    with pytest.raises(OAuth2Error):
        thief.refresh_token(DPoPToken(access_token="a", refresh_token=token.refresh_token, _dpop_key=token.dpop_key))
    assert_nothing(read(place, token.access_token, token.dpop_key))
    assert_named(place, Service)


# --- The portal -------------------------------------------------------------------------------------------------------


def test_a_planted_sign_in_shows_nothing(portal: Portal) -> None:
    portal.cookie("samira")
    (row, *_) = rows(portal, SignIn)
    handle = new_handle()
    plant(portal, SignIn, row, sign_in_hash=handle_hash(handle), account_id=portal.account("edith"))
    client = portal.app.test_client()
    client.set_cookie(COOKIE, handle, domain="localhost")
    for path in ("/home", "/record/medication"):
        answer = client.get(path)
        assert answer.status_code != HTTPStatus.OK
        assert "Apixaban" not in answer.text


@pytest.mark.parametrize("changed", ["role", "service_id", "citizen_id"])
def test_a_planted_role_opens_no_page(portal: Portal, changed: str) -> None:
    shows = {"role": "/audit", "service_id": "/officer", "citizen_id": "/record/medication"}[changed]
    client = portal.client("carer" if changed != "citizen_id" else "samira")
    assert client.get("/officer" if changed != "citizen_id" else "/home").status_code == HTTPStatus.OK
    other = rows(
        portal, Account, Account.account_id == portal.account("auditor" if changed == "role" else "tax-officer")
    )
    value = portal.citizen("edith") if changed == "citizen_id" else other[0][changed]
    slug = "samira" if changed == "citizen_id" else "carer"
    alter(portal, Account, Account.account_id == portal.account(slug), **{changed: value})
    answer = client.get(shows)
    assert answer.status_code != HTTPStatus.OK
    assert "Apixaban" not in answer.text
    assert_named(portal, Account)


def test_a_passkey_planted_with_somebody_elses_account_signs_nobody_in(chromium: Browser, served: Portal) -> None:
    with served.vault.transaction(OPERATOR) as ctx:
        handle = links.make(ctx, account_id=served.account("priya"), kind=LinkKind.ENROL)
    with enter(chromium, served, None) as context:
        page = context.new_page()
        with_key(page)
        page.goto(f"{served.address}/link/{handle}")
        press(page, "Continue")
        page.goto(f"{served.address}/passkey/new")
        press(page, "Make my passkey")
        page.wait_for_url(lambda address: "/passkey" not in address)
        page.goto(f"{served.address}/home")
        press(page, "Sign out")
        alter(served, Passkey, Passkey.account_id == served.account("priya"), account_id=served.account("edith"))
        page.goto(f"{served.address}/sign-in")
        press(page, "Sign in with your passkey")
        page.get_by_role("alert").wait_for(state="visible")
        page.goto(f"{served.address}/record/medication")
        assert page.url.endswith("/sign-in")
    assert_named(served, Passkey)
