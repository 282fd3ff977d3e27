"""Signing in through a real identity provider, and everything an answer may be wrong in."""

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from joserfc import jwt
from joserfc.jwk import ECKey, KeySet, OctKey

from tests.keys import give_passkey
from tests.oidc_world import Elsewhere, come_back, elsewhere, sign_in_there, trust
from tests.portal_world import Portal, portal, submit, token_in, told
from vault import identities, links, sign_ins
from vault.clock import utc_now
from vault.context import OPERATOR, SYSTEM
from vault.kinds import LinkKind
from web.auth import COOKIE
from web.faults import ProviderRefusedError, SettingError
from web.oidc import checking, providers
from web.oidc.checking import Expected

__all__ = ["elsewhere", "portal", "told"]

ONE_LOGIN, DIRECTORY = "/sign-in/with/one-login", "/sign-in/with/directory"


@pytest.fixture
def trusting(portal: Portal, elsewhere: Elsewhere) -> Portal:
    trust(portal, elsewhere.provider("residents"), elsewhere.provider("staff"))
    return portal


def facts(portal: Portal, slug: str) -> dict[str, str]:
    one = portal.resident(slug)
    return {
        "number": one.nhs_number,
        "born-day": str(one.born.day),
        "born-month": str(one.born.month),
        "born-year": str(one.born.year),
    }


def bound(portal: Portal, slug: str) -> int:
    with portal.vault.reading(SYSTEM) as ctx:
        return len(identities.of_account(ctx, account_id=portal.account(slug)))


# --- residents ---


def test_the_first_time_a_second_fact_binds_and_later_nothing_is_asked(trusting: Portal) -> None:
    client = trusting.client()
    assert come_back(client, ONE_LOGIN, "edith").location == "/sign-in/who"
    assert client.get("/home").status_code == 303, "the provider's word alone signs nobody in"
    assert submit(client, "/sign-in/who", facts(trusting, "edith")).location == "/home"
    assert client.get("/home").status_code == 200
    again = trusting.client()
    assert come_back(again, ONE_LOGIN, "edith").location == "/home"
    assert "Example Login" in again.get("/security").text


@pytest.mark.parametrize("typed", ["priya", "edith"])
def test_nobody_is_matched_with_somebody_elses_facts(trusting: Portal, typed: str) -> None:
    name = "impostor" if typed == "edith" else "edith"
    client = trusting.client()
    come_back(client, ONE_LOGIN, name)
    assert submit(client, "/sign-in/who", facts(trusting, typed)).status_code == 422
    assert client.get("/home").status_code == 303
    assert bound(trusting, typed) == 0


def test_the_second_fact_is_tried_five_times(trusting: Portal) -> None:
    client = trusting.client()
    come_back(client, ONE_LOGIN, "edith")
    wrong = {**facts(trusting, "edith"), "number": "999 000 0001"}
    assert [submit(client, "/sign-in/who", wrong).status_code for _ in range(5)] == [422] * 5
    page = client.get("/sign-in")
    sent = client.post("/sign-in/who", data={"csrf_token": token_in(page), **facts(trusting, "edith")})
    assert sent.status_code == 410
    assert bound(trusting, "edith") == 0


def test_an_account_with_a_passkey_is_joined_from_within_alone(trusting: Portal) -> None:
    give_passkey(trusting.vault, trusting.account("edith"))
    client = trusting.client()
    come_back(client, ONE_LOGIN, "edith")
    assert submit(client, "/sign-in/who", facts(trusting, "edith")).status_code == 422
    inside = trusting.client("edith")
    assert come_back(inside, "/security/with/one-login", "edith").location == "/security"
    assert bound(trusting, "edith") == 1
    assert "Somebody asked for a new way into your account" in inside.get("/messages").text
    with trusting.vault.reading(SYSTEM) as ctx:
        (held,) = identities.of_account(ctx, account_id=trusting.account("edith"))
    address = f"/security/identities/{held.identity_id}/remove"
    assert submit(trusting.client("priya"), address, {}, form_at="/security").status_code == 404
    asked = inside.get(address).text
    assert "From this moment nobody can sign in here with" in asked
    assert "your passkey" in asked
    assert submit(inside, address, {}).location == "/security"
    assert inside.get(address).status_code == 404
    assert "A way to sign in was removed from your account" in inside.get("/messages").text
    assert bound(trusting, "edith") == 0


def test_a_level_of_trust_that_is_not_enough_signs_nobody_in(trusting: Portal) -> None:
    assert come_back(trusting.client(), ONE_LOGIN, "weak").status_code == 403


def test_vectors_of_trust_are_asked_for_and_judged(portal: Portal, elsewhere: Elsewhere) -> None:
    trust(portal, elsewhere.provider("residents", ask_levels="vtr", level_claim="vot", levels=frozenset({"Cl.Cm.P2"})))
    client = portal.client()
    asked = parse_qs(urlsplit(client.get(ONE_LOGIN).location).query)
    assert asked["vtr"] == ['["Cl.Cm.P2"]']
    assert come_back(client, ONE_LOGIN, "edith").status_code == 403, "this provider gives no vector"


def test_the_provider_proves_again_for_whoever_came_through_it(trusting: Portal) -> None:
    client = trusting.client()
    come_back(client, ONE_LOGIN, "edith")
    submit(client, "/sign-in/who", facts(trusting, "edith"))
    assert come_back(client, "/prove/with/one-login", "edith").location == "/home"
    assert come_back(client, "/prove/with/one-login", "priya").status_code == 403


# --- staff ---


def enrolled(portal: Portal, slug: str, name: str) -> Any:
    first, second = (portal.account("administrator"), portal.account("auditor"))
    with portal.vault.transaction(OPERATOR) as ctx:
        handle = links.make(ctx, account_id=portal.account(slug), kind=LinkKind.ENROL, first=first, second=second)
    client = portal.client()
    submit(client, f"/link/{handle}", {})
    return client, come_back(client, f"{DIRECTORY}/enrol", name)


def test_staff_are_bound_by_a_link_that_two_people_agreed_to(trusting: Portal) -> None:
    assert come_back(trusting.client(), DIRECTORY, "aisha").status_code == 403, "nobody bound her yet"
    client, answer = enrolled(trusting, "carer", "aisha")
    assert answer.location == "/officer"
    assert client.get("/officer").status_code == 200
    again = trusting.client()
    assert come_back(again, DIRECTORY, "aisha").location == "/officer"
    with trusting.vault.reading(SYSTEM) as ctx:
        (place, *_) = sign_ins.places(ctx, account_id=trusting.account("carer"))
    assert place.method == "directory:directory"


@pytest.mark.parametrize(("slug", "name"), [("carer", "left"), ("auditor", "aisha"), ("social-worker", "aisha")])
def test_the_directory_must_give_the_very_work_of_the_account(trusting: Portal, slug: str, name: str) -> None:
    _client, answer = enrolled(trusting, slug, name)
    assert answer.status_code == 403
    assert bound(trusting, slug) == 0


def give_identity(portal: Portal, elsewhere: Elsewhere, slug: str, name: str) -> None:
    with portal.vault.transaction(SYSTEM) as ctx:
        whom = identities.vouched(ctx, issuer=elsewhere.issuer, subject=name, assurance="P2")
        identities.bind(ctx, account_id=portal.account(slug), whom=whom, evidence="seen")


def test_staff_come_through_no_provider_for_residents_and_residents_not_through_the_directory(
    trusting: Portal, elsewhere: Elsewhere
) -> None:
    carer = trusting.client("carer")
    assert carer.get("/security/with/one-login").status_code == 403
    assert trusting.client("edith").get("/security/with/directory").status_code == 403
    give_identity(trusting, elsewhere, "carer", "edith")
    assert come_back(trusting.client(), ONE_LOGIN, "edith").status_code == 403
    assert carer.get("/prove/with/one-login").status_code == 403
    give_identity(trusting, elsewhere, "edith", "aisha")
    assert come_back(trusting.client(), DIRECTORY, "aisha").status_code == 403


@pytest.mark.parametrize(
    ("said", "proven"),
    [({}, False), ({"auth_time": 100}, True), ({"auth_time": -9}, False), ({"auth_time": True}, False)],
)
def test_a_providers_answer_is_a_fresh_proof_only_when_it_says_so(said: dict[str, Any], *, proven: bool) -> None:
    now = utc_now().fromtimestamp(150, tz=utc_now().tzinfo)
    assert checking.proved_just_now(checking.Claims("s", "P2", said), now=now, within=60) is proven


def signed_out(elsewhere: Elsewhere, **changed: Any) -> str:
    now = int(time.time())
    claims = {
        "iss": elsewhere.issuer,
        "aud": "staff",
        "iat": now,
        "exp": now + 120,
        "jti": f"jti-{time.monotonic_ns()}",
        "sub": "aisha",
        "events": {checking.LOGOUT: {}},
    }
    claims = {name: value for name, value in {**claims, **changed}.items() if value is not None}
    return jwt.encode({"alg": "ES256", "kid": "elsewhere", "typ": "logout+jwt"}, claims, elsewhere.key)


def test_who_leaves_the_directory_is_signed_out_at_once(trusting: Portal, elsewhere: Elsewhere) -> None:
    client, _answer = enrolled(trusting, "carer", "aisha")
    token = signed_out(elsewhere)
    told_so = trusting.client().post(f"{DIRECTORY}/ended", data={"logout_token": token})
    assert told_so.status_code == 200
    assert client.get("/officer").status_code == 303
    assert trusting.client().post(f"{DIRECTORY}/ended", data={"logout_token": token}).status_code == 400, "once"


@pytest.mark.parametrize(
    "changed",
    [{"aud": "residents"}, {"iss": "https://other.example"}, {"nonce": "n"}, {"events": {}}, {"sub": None}, {"iat": 1}],
    ids=lambda changed: next(iter(changed)),
)
def test_a_logout_token_that_does_not_hold_ends_nothing(
    trusting: Portal, elsewhere: Elsewhere, changed: dict[str, Any]
) -> None:
    client, _answer = enrolled(trusting, "carer", "aisha")
    sent = trusting.client().post(f"{DIRECTORY}/ended", data={"logout_token": signed_out(elsewhere, **changed)})
    assert sent.status_code == 400
    assert client.get("/officer").status_code == 200


# --- answers that were tampered with ---


def back_from(portal: Portal, name: str = "edith") -> tuple[Any, str, dict[str, str]]:
    client = portal.client()
    there = client.get(ONE_LOGIN)
    found = urlsplit(sign_in_there(there.location, name))
    return client, found.path, {key: value[0] for key, value in parse_qs(found.query).items()}


def test_an_answer_is_used_once_and_by_the_browser_that_asked(trusting: Portal) -> None:
    client, path, query = back_from(trusting)
    stranger = trusting.client()
    assert stranger.get(f"{path}?{urlencode(query)}").status_code == 403, "another browser"
    assert client.get(f"{path}?{urlencode(query)}").location == "/sign-in/who"
    assert client.get(f"{path}?{urlencode(query)}").status_code == 403, "again"


@pytest.mark.parametrize(
    "change",
    [
        lambda query: {**query, "state": query["state"][:-2] + "xx"},
        lambda query: {**query, "state": ""},
        lambda query: {**query, "iss": "https://other.example"},
        lambda query: {key: value for key, value in query.items() if key != "iss"},
        lambda query: {**query, "code": "forged"},
        lambda query: {key: value for key, value in query.items() if key != "code"},
        lambda query: {**query, "error": "access_denied"},
    ],
    ids=["wrong-state", "no-state", "other-issuer", "no-issuer", "forged-code", "no-code", "an-error"],
)
def test_an_answer_that_was_changed_signs_nobody_in(
    trusting: Portal, change: Callable[[dict[str, str]], dict[str, str]]
) -> None:
    client, path, query = back_from(trusting)
    answer = client.get(f"{path}?{urlencode(change(query))}")
    assert answer.status_code in {403, 502}
    assert client.get("/home").status_code == 303


def test_an_answer_of_one_provider_is_not_taken_for_another(trusting: Portal) -> None:
    client, _path, query = back_from(trusting)
    assert client.get(f"{DIRECTORY}/back?{urlencode(query)}").status_code == 403


def test_a_code_that_was_used_elsewhere_signs_nobody_in(trusting: Portal) -> None:
    client, path, query = back_from(trusting)
    other, _path, fresh = back_from(trusting, "priya")
    client.get(f"{path}?{urlencode(query)}")
    stolen = {**fresh, "code": query["code"]}
    assert other.get(f"{path}?{urlencode(stolen)}").status_code in {403, 502}


def test_a_provider_that_does_not_answer_is_said_so(portal: Portal, elsewhere: Elsewhere) -> None:
    trust(portal, elsewhere.provider("residents", token_endpoint="http://localhost:9/token"))
    client, path, query = back_from(portal)
    answer = client.get(f"{path}?{urlencode(query)}")
    assert answer.status_code == 502
    assert "does not answer just now" in answer.text


def test_a_sign_in_does_not_keep_the_note_or_the_cookie_of_before(trusting: Portal) -> None:
    client = trusting.client()
    client.set_cookie(COOKIE, "A" * 43, domain="localhost")
    come_back(client, ONE_LOGIN, "edith")
    submit(client, "/sign-in/who", facts(trusting, "edith"))
    cookie = client.get_cookie(COOKIE, domain="localhost")
    assert cookie
    assert cookie.value != "A" * 43
    with client.session_transaction() as kept:
        assert not kept.get("unfinished")


# --- ID tokens, one fault each ---

RIGHT_KEY = ECKey.generate_key("P-256", {"kid": "right"})
OTHER_KEY = ECKey.generate_key("P-256", {"kid": "right"})
ACCESS = "an-access-token"


def claims(**changed: Any) -> dict[str, Any]:
    now = int(time.time())
    given = {
        "iss": "https://idp.example",
        "aud": "vault",
        "sub": "s-1",
        "iat": now,
        "exp": now + 300,
        "nonce": "right",
        "acr": "P2",
        "auth_time": now,
        "at_hash": checking._left_half(ACCESS, "ES256"),
    }
    return {name: value for name, value in {**given, **changed}.items() if value is not None}


@pytest.fixture
def judge(elsewhere: Elsewhere) -> Callable[[str], checking.Claims]:
    provider = elsewhere.provider("residents", issuer="https://idp.example", client_id="vault")
    expected = Expected("right", utc_now(), 60)
    keys = KeySet([RIGHT_KEY])
    return lambda token: checking.id_token(provider, token, keys, access_token=ACCESS, expected=expected)


def signed(key: ECKey = RIGHT_KEY, **changed: Any) -> str:
    return jwt.encode({"alg": "ES256", "kid": "right"}, claims(**changed), key)


def test_a_token_in_which_everything_holds_is_taken(judge: Callable[[str], checking.Claims]) -> None:
    assert judge(signed()).subject == "s-1"
    assert judge(signed(aud=["vault", "other"], azp="vault")).level == "P2"


@pytest.mark.parametrize(
    "changed",
    [
        {"iss": "https://other.example"},
        {"aud": "other"},
        {"aud": ["vault", "other"]},
        {"aud": ["vault"], "azp": "other"},
        {"aud": None},
        {"exp": 1},
        {"exp": None},
        {"exp": "soon"},
        {"iat": 1},
        {"iat": 99_999_999_999},
        {"nonce": "wrong"},
        {"nonce": None},
        {"acr": "P0"},
        {"acr": None},
        {"at_hash": "AAAA"},
        {"auth_time": 1},
        {"auth_time": None},
        {"sub": ""},
        {"sub": None},
        {"sub": 7},
    ],
    ids=str,
)
def test_a_token_with_one_fault_is_refused(judge: Callable[[str], checking.Claims], changed: dict[str, Any]) -> None:
    with pytest.raises(ProviderRefusedError):
        judge(signed(**changed))


def test_a_token_that_nobody_signed_or_somebody_else_did_is_refused(judge: Callable[[str], checking.Claims]) -> None:
    none = signed().split(".")
    bare = "eyJhbGciOiJub25lIn0." + none[1] + "."
    with_secret = jwt.encode({"alg": "HS256", "kid": "right"}, claims(), OctKey.import_key("s" * 32))
    turned = signed().replace(".", ".e", 1)
    for token in (bare, with_secret, signed(OTHER_KEY), turned, "", "x.y.z", "a" * 20_000):
        with pytest.raises(ProviderRefusedError):
            judge(token)


# --- settings ---


def test_a_file_of_providers_is_read_and_a_wrong_one_says_what_is_right(tmp_path: Any) -> None:
    (tmp_path / "client.pem").write_bytes(ECKey.generate_key("P-256").as_pem(private=True))
    good = """
[[provider]]
name = "one-login"
words = "GOV.UK One Login"
people = "residents"
issuer = "https://oidc.example/"
authorization_endpoint = "https://oidc.example/authorize"
token_endpoint = "https://oidc.example/token"
userinfo_endpoint = "https://oidc.example/userinfo"
jwks_uri = "https://oidc.example/.well-known/jwks.json"
client_id = "vault"
client_key = "client.pem"
level_claim = "vot"
ask_levels = "vtr"
levels = ["Cl.Cm.P2"]
"""
    path = tmp_path / "providers.toml"
    path.write_text(good, encoding="utf-8")
    (found,) = providers.read(path)
    assert (found.method, found.levels) == ("provider:one-login", frozenset({"Cl.Cm.P2"}))
    for before, after in (
        ("https://oidc.example/token", "http://oidc.example/token"),
        ('"Cl.Cm.P2"', ""),
        ("client.pem", "missing.pem"),
        ('people = "residents"', 'people = "everyone"'),
        ("client_id", "klient_id"),
        ('name = "one-login"', 'name = "One Login"'),
        ("[[provider]]", "[[provider]]\nalgorithms = ['none']"),
        ("[[provider]]", "[[provider"),
    ):
        path.write_text(good.replace(before, after), encoding="utf-8")
        with pytest.raises(SettingError):
            providers.read(path)
