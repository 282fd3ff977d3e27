"""The request's token and its proof, judged for where they were sent: a DPoP proof, or the client's certificate."""

from typing import Final, Protocol

from flask import request

from vault.access import Proof
from web.api import bound_certificates, dpop
from web.api.edge import Edge, edge
from web.certificates import HEADER
from web.faults import TokenMissingError

SCHEME: Final = "DPoP"
BEARER: Final = "Bearer"
"""For tokens that are bound to a certificate (RFC 8705, section 3), over a connection that shows it."""


class Shown(Protocol):
    """The headers of a request, however they are held."""

    def getlist(self, key: str) -> list[str]:
        """Every value of one header."""


def shown_proof(access_token: str | None = None) -> Proof:
    """
    The proof that came with this request.

    Raises:
        ProofInvalidError: It is missing, or not for this request.
        NonceNeededError: It lacks this server's nonce.
    """
    return proof_shown(edge(), request.headers, method=request.method, path=request.path, access_token=access_token)


def proof_shown(here: Edge, headers: Shown, *, method: str, path: str, access_token: str | None) -> Proof:
    """The proof among *headers*, for a request that was not made Flask's; raises like `shown_proof`."""
    certificates = headers.getlist(HEADER)
    if certificates and not headers.getlist(dpop.HEADER):
        return bound_certificates.proof_of(certificates, now=here.vault.clock())
    return dpop.check_proof(
        headers.getlist(dpop.HEADER),
        method=method,
        url=here.url(path),
        now=here.vault.clock(),
        nonces=here.nonces,
        access_token=access_token,
    )


def shown_token() -> str:
    """
    The access token in the ``Authorization`` header, the only place it is taken from (RFC 9449, section 7.1).

    Raises:
        TokenMissingError: There is none, more than one, or it is shown as a bearer token without a certificate.
    """
    return token_shown(request.headers)


def token_shown(headers: Shown) -> str:
    """The access token among *headers*; raises like `shown_token`."""
    shown = headers.getlist("Authorization")
    scheme, _, handle = shown[0].partition(" ") if len(shown) == 1 else ("", "", "")
    schemes = {SCHEME.lower(), BEARER.lower()} if headers.getlist(HEADER) else {SCHEME.lower()}
    if scheme.lower() not in schemes or not 0 < len(handle) <= 128 or not handle.isascii() or " " in handle:  # noqa: PLR2004 -- characters; our handles have 43
        raise TokenMissingError("show the access token as `Authorization: DPoP` with a proof for it")
    return handle


def fresh_nonce() -> dict[str, str]:
    """The header that hands out the nonce of now."""
    return nonce_of(edge())


def nonce_of(here: Edge) -> dict[str, str]:
    """As `fresh_nonce`, for an answer that is not made Flask's."""
    return {dpop.NONCE_HEADER: here.nonces.current(here.vault.clock())}
