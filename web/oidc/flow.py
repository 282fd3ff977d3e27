"""One sign-in through an identity provider: there with a state, nonce and PKCE, and back with a code that is used once.

The state is a single-use challenge of the vault (`vault.challenges`), and the browser's note must hold it too, so that
nobody can be signed in as somebody else by an address that was sent to them. Nonce and code verifier are derived from
the state under a key of the vault's own: nothing else needs to be kept.
"""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Final
from urllib.parse import urlencode
from uuid import UUID, uuid4

from joserfc import jwt
from werkzeug.datastructures import MultiDict

from vault import challenges
from vault.context import SYSTEM
from vault.errors import ReplayedError
from web.faults import ProviderRefusedError
from web.oidc import checking, http
from web.oidc.checking import Claims, Expected
from web.oidc.providers import Provider
from web.runtime import runtime

LIFE: Final = timedelta(minutes=30)
"""How long a person may stay at the provider: some prove who they are there for the first time."""
FRESH_SECONDS: Final = 60
ASSERTION_SECONDS: Final = 60
_STATE_BYTES: Final = 32

KEYS: Final = http.Keys()


@dataclass(frozen=True, slots=True)
class Answer:
    """What a provider answered about somebody, checked."""

    provider: Provider
    claims: Claims
    more: dict[str, Any] = field(repr=False)
    """What the userinfo endpoint adds; its subject was compared."""
    account_id: UUID | None
    """The account for which it was asked, if it was for one."""


def begin(
    provider: Provider, *, why: str, back: str, account_id: UUID | None = None, again: bool = False
) -> tuple[str, str]:
    """
    Where to send the browser, and the state that its note must keep.

    Args:
        provider: Which provider.
        why: What for, in one word; the answer must be used for the same.
        back: The address it answers to.
        account_id: For which account, where it is for one.
        again: Whether the person must prove themselves to the provider now, even if it knows them.
    """
    with runtime().vault.transaction(SYSTEM) as ctx:
        raw = challenges.new(ctx, purpose=_purpose(provider, why), account_id=account_id, life=LIFE)
    state = _text(raw)
    asked = {
        "response_type": "code",
        "client_id": provider.client_id,
        "redirect_uri": back,
        "scope": " ".join(provider.scopes),
        "state": state,
        "nonce": _derived(state, "nonce"),
        "code_challenge": _text(hashlib.sha256(_derived(state, "verifier").encode()).digest()),
        "code_challenge_method": "S256",
        **_levels(provider),
        **({"prompt": "login", "max_age": "0"} if again else {}),
    }
    joint = "&" if "?" in provider.authorization_endpoint else "?"
    return f"{provider.authorization_endpoint}{joint}{urlencode(asked)}", state


def _levels(provider: Provider) -> dict[str, str]:
    levels = sorted(provider.levels)
    return {provider.ask_levels: json.dumps(levels) if provider.ask_levels == "vtr" else " ".join(levels)}


def finish(
    provider: Provider, given: "MultiDict[str, str]", *, why: str, state: str, back: str, again: bool = False
) -> Answer:
    """
    Who came back, from the query *given*; *state* is what this browser's note kept.

    Raises:
        ProviderRefusedError: It is not the answer to what this browser asked, was used before, or does not hold.
        ProviderFailedError: The provider cannot be reached.
    """
    returned = given.get("state", "")
    if not state or not hmac.compare_digest(returned.encode(), state.encode()):
        raise ProviderRefusedError("this browser did not ask for that")
    if given.get("iss", provider.issuer if not provider.names_issuer else "") != provider.issuer:
        raise ProviderRefusedError("the answer is of another provider")
    account_id = _taken(provider, why, state)
    if "error" in given or not given.get("code"):
        raise ProviderRefusedError("the provider did not sign anybody in")
    tokens = http.send_form(provider.token_endpoint, _code_form(provider, given["code"], state, back))
    access_token, id_token = str(tokens.get("access_token", "")), str(tokens.get("id_token", ""))
    keys = KEYS.of(provider.jwks_uri, checking.key_id_of(id_token))
    expected = Expected(_derived(state, "nonce"), runtime().vault.clock(), FRESH_SECONDS if again else None)
    claims = checking.id_token(provider, id_token, keys, access_token=access_token, expected=expected)
    more = http.fetch(provider.userinfo_endpoint, token=access_token)
    if more.get("sub") != claims.subject:
        raise ProviderRefusedError("the provider speaks of two people")
    return Answer(provider, claims, more, account_id)


def _taken(provider: Provider, why: str, state: str) -> UUID | None:
    try:
        raw = base64.urlsafe_b64decode(state + "=" * (-len(state) % 4))
        with runtime().vault.transaction(SYSTEM) as ctx:
            return challenges.take(ctx, challenge=raw, purpose=_purpose(provider, why))
    except (ReplayedError, ValueError) as error:
        raise ProviderRefusedError("this answer was used already or came too late") from error


def _code_form(provider: Provider, code: str, state: str, back: str) -> dict[str, str]:
    return {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": back,
        "client_id": provider.client_id,
        "code_verifier": _derived(state, "verifier"),
        "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        "client_assertion": _assertion(provider),
    }


def _assertion(provider: Provider) -> str:
    """Who we are, signed with the client's own key (RFC 7523, section 2.2); good for a minute and one use."""
    key = provider.client_key
    now = int(runtime().vault.clock().timestamp())
    claims = {
        "iss": provider.client_id,
        "sub": provider.client_id,
        "aud": provider.token_endpoint,
        "jti": str(uuid4()),
        "iat": now,
        "exp": now + ASSERTION_SECONDS,
    }
    algorithm = "ES256" if key.key_type == "EC" else "PS256"
    return jwt.encode({"alg": algorithm, "kid": key.thumbprint()}, claims, key, algorithms=[algorithm])


def _purpose(provider: Provider, why: str) -> str:
    return f"oidc:{provider.name}:{why}"


def _derived(state: str, what: str) -> str:
    key = runtime().vault.keyring.derived("oidc")
    return _text(hmac.new(key, f"{what}|{state}".encode(), hashlib.sha256).digest())


def _text(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()
