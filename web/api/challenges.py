"""401 answers of the protected endpoints: which scheme, which fault, and a nonce where that is all that was missing."""

from http import HTTPStatus
from typing import Final

from flask import Flask, request
from flask.typing import ResponseReturnValue

from vault.errors import ReplayedError, TokenInvalidError
from vault.sums import Refused
from web import errors
from web.api import dpop, refusing
from web.api.jose import ALGORITHMS
from web.api.proofs import BEARER, SCHEME, fresh_nonce
from web.certificates import HEADER
from web.errors import code_of, shaped, words_of
from web.faults import NonceNeededError, ProofInvalidError, TokenMissingError

PROTECTED: Final = ("/api/", "/fhir/", "/oauth/grants/")
DELIVERED: Final = "/fhir"

_ERRORS: Final = {
    TokenInvalidError: "invalid_token",
    ReplayedError: "invalid_dpop_proof",
    ProofInvalidError: "invalid_dpop_proof",
    NonceNeededError: "use_dpop_nonce",
}


_COUNTED: Final = {
    TokenInvalidError: Refused.TOKEN,
    ReplayedError: Refused.PROOF_REPLAYED,
    ProofInvalidError: Refused.PROOF,
}
"""Whoever shows such a token or proof has not proved who they are. Showing none, or a stale nonce, is no refusal."""


def init_app(app: Flask) -> None:
    """Answer what is wrong with a token or its proof as RFC 9449, section 7.1, has it."""
    for kind in (*_ERRORS, TokenMissingError):
        app.register_error_handler(kind, _challenge)


def _challenge(error: Exception) -> ResponseReturnValue:
    if request.path != DELIVERED and not request.path.startswith(PROTECTED):
        return errors.answer(error)
    if type(error) in _COUNTED:
        refusing.count(_COUNTED[type(error)])
    answer = shaped(HTTPStatus.UNAUTHORIZED, code_of(error), words_of(error))
    answer.headers["WWW-Authenticate"] = scheme(_ERRORS.get(type(error)))
    if isinstance(error, NonceNeededError):
        answer.headers.update(fresh_nonce())
    return answer


def scheme(fault: str | None, *more: str) -> str:
    """The challenge, with *more* that it says; one without a fault where no token was shown (RFC 6750, section 3.1)."""
    named = "".join(f"{each}, " for each in ([f'error="{fault}"'] if fault else []) + list(more))
    if HEADER in request.headers and dpop.HEADER not in request.headers:
        return f'{BEARER} {named}realm="vault"'  # RFC 8705, section 3
    return f'{SCHEME} {named}algs="{" ".join(ALGORITHMS)}"'
