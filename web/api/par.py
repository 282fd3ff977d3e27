"""A service pushes what it asks a present citizen for (RFC 9126), before it sends their browser here."""

import re
from http import HTTPStatus
from typing import Any, Final

from vault import purposes, visits
from vault.access import Proof
from vault.purpose_definitions import PHISHING_RESISTANT
from vault.purposes import Definition
from vault.visits import Errand
from web.api import jar
from web.api.asking import check_client, check_message, check_scope, oauth_words
from web.api.authlib_core import AUTH_METHOD, Client, Endpoint, OAuthRefusedError
from web.api.binding import proof_if_shown, spend
from web.api.bound_certificates import PREFIX
from web.api.edge import API_PATH, edge
from web.api.forms import form as sent_form
from web.pages.visiting import URN
from web.schemas import access_details

NAME: Final = "pushed_authorization"
LONGEST_ECHO: Final = 512  # characters of state and nonce, which come back as they are
ACR_VALUES: Final = (PHISHING_RESISTANT,)
_DIGEST: Final = re.compile(r"[A-Za-z0-9_-]{43}")
"""SHA-256 in base64url without padding."""
_SECONDS: Final = re.compile(r"[0-9]{1,7}")
_NAMES_SOMEBODY: Final = ("login_hint", "login_hint_token", "id_token_hint")
_NOT_TAKEN: Final = ("request_uri", "grant_id", "grant_management_action", "registration")


class PushedAuthorization(Endpoint):  # type: ignore[misc] # Authlib carries no types
    """``POST /oauth/par``: the only way to begin; whoever comes is found by their own sign-in."""

    ENDPOINT_NAME = NAME

    def create_endpoint_response(self, request: Any) -> tuple[int, dict[str, Any], list[tuple[str, str]]]:  # noqa: ANN401 -- Authlib's own request
        """Authenticate the client, judge all that it asks for, and keep it for the browser."""
        form, proof = sent_form(), proof_if_shown()
        client: Client = self.server.authenticate_client(request, [AUTH_METHOD], NAME)
        if proof is not None:
            spend(proof)
        form = jar.read(form, client)
        _check_form(form, client)
        handle = _push(form, client, _bound_to(form, proof))
        return HTTPStatus.CREATED, {"request_uri": URN + handle, "expires_in": int(visits.PUSHED.total_seconds())}, []


def _check_form(form: dict[str, str], client: Client) -> None:
    check_client(form, client)
    if any(name in form for name in _NOT_TAKEN):
        raise OAuthRefusedError("invalid_request", f"{', '.join(_NOT_TAKEN)} are not taken here")
    if form.get("response_type") != "code":
        raise OAuthRefusedError("unsupported_response_type", "the response_type is `code`")
    if form.get("response_mode", "query") != "query":
        raise OAuthRefusedError("invalid_request", "the response_mode is `query`")
    check_scope(form)
    check_message(form)
    if any(name in form for name in _NAMES_SOMEBODY):
        raise OAuthRefusedError("invalid_request", "name nobody: the person is found by their own sign-in")
    if "none" in form.get("prompt", "").split():
        raise OAuthRefusedError("invalid_request", "the person always decides: prompt is not `none`")
    _check_challenge(form)
    if any(len(form.get(name, "")) > LONGEST_ECHO for name in ("state", "nonce")):
        raise OAuthRefusedError("invalid_request", f"state and nonce have at most {LONGEST_ECHO} characters")


def _check_challenge(form: dict[str, str]) -> None:
    """Refuse whatever is less than PKCE by SHA-256 (RFC 7636; RFC 9700, section 2.1.1)."""
    if form.get("code_challenge_method") != "S256" or not _DIGEST.fullmatch(form.get("code_challenge", "")):
        raise OAuthRefusedError("invalid_request", "send a code_challenge made by S256")


def _bound_to(form: dict[str, str], proof: Proof | None) -> str:
    """What the code is bound to: the proof's key, the one that is named (RFC 9449, section 10), or a certificate."""
    named = form.get("dpop_jkt")
    if named is not None and not _DIGEST.fullmatch(named):
        raise OAuthRefusedError("invalid_request", "dpop_jkt is not a thumbprint")
    shown = None if proof is None or (named and proof.thumbprint.startswith(PREFIX)) else proof.thumbprint
    if shown is not None and named not in {None, shown}:
        raise OAuthRefusedError("invalid_dpop_proof", "the proof is by another key than dpop_jkt names")
    bound = shown or named
    if bound is None:
        raise OAuthRefusedError("invalid_request", "bind the code: send a DPoP proof, dpop_jkt or a certificate")
    return bound


def _push(form: dict[str, str], client: Client, bound_to: str) -> str:
    with oauth_words():
        wanted = access_details.parse(form.get(access_details.PARAMETER, ""), location=edge().url(API_PATH))
        with edge().vault.transaction(client.actor) as ctx:
            purpose = purposes.find(ctx, slug=wanted.purpose)
            errand = Errand(
                redirect_uri=form.get("redirect_uri", ""),
                state=form.get("state"),
                nonce=form.get("nonce"),
                code_challenge=form["code_challenge"],
                bound_to=bound_to,
                purpose=wanted.purpose,
                fields=tuple(sorted(wanted.fields_for(purpose))),
                days=wanted.days,
                uses=wanted.uses,
                reason=wanted.reason,
                binding_message=form.get("binding_message", ""),
                max_age=_max_age(form, purpose),
                acr_values=_acr_values(form, purpose),
            )
            return visits.push(ctx, service_id=client.service_id, errand=errand)


def _acr_values(form: dict[str, str], purpose: Definition) -> tuple[str, ...]:
    """How the citizen is to prove themselves: as the service asks, and as the purpose does."""
    asked = {*form.get("acr_values", "").split(), *([purpose.sign_in_acr] if purpose.sign_in_acr else [])}
    return tuple(each for each in ACR_VALUES if each in asked)


def _max_age(form: dict[str, str], purpose: Definition) -> int | None:
    """How old the citizen's proof may be, for service and purpose; a `prompt` of ``login`` asks for a new one."""
    text = form.get("max_age")
    if text is not None and not _SECONDS.fullmatch(text):
        raise OAuthRefusedError("invalid_request", "max_age is a number of seconds")
    if "login" in form.get("prompt", "").split():
        return 0
    asked = [int(text)] if text is not None else []
    return min([*asked, *([purpose.sign_in_max_age] if purpose.sign_in_max_age is not None else [])], default=None)
