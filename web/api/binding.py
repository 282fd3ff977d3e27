"""The key that a token is bound to, as the OAuth endpoints are shown it, and the once-only use of each proof."""

from flask import request

from vault import tokens
from vault.access import Proof
from vault.context import SYSTEM
from vault.errors import ReplayedError
from web.api import dpop, refusing
from web.api.authlib_core import OAuthRefusedError
from web.api.edge import edge
from web.api.proofs import fresh_nonce, shown_proof
from web.certificates import HEADER
from web.faults import NonceNeededError, ProofInvalidError


def proof_here() -> Proof:
    """
    The request's proof, its faults told in RFC 9449's words for an authorization server (section 5, section 8).

    Raises:
        OAuthRefusedError: It is missing, wrong or without this server's nonce.
    """
    try:
        return shown_proof()
    except NonceNeededError as error:
        raise OAuthRefusedError(error.code, str(error), headers=fresh_nonce()) from error
    except ProofInvalidError as error:
        raise OAuthRefusedError(error.code, str(error)) from error


def proof_if_shown() -> Proof | None:
    """The request's proof where it carries one, a certificate too; raises like `proof_here`."""
    return proof_here() if dpop.HEADER in request.headers or HEADER in request.headers else None


def spend(proof: Proof) -> None:
    """
    Take a proof, once.

    Raises:
        OAuthRefusedError: It was shown before.
    """
    try:
        with edge().vault.transaction(SYSTEM) as ctx:
            tokens.spend(ctx, owner=proof.thumbprint, jti=proof.jti, expires_at=proof.expires_at)
    except ReplayedError as error:
        refusing.replayed("proof-replayed", owner=proof.thumbprint, jti=proof.jti, expires_at=proof.expires_at)
        raise OAuthRefusedError("invalid_dpop_proof", "this DPoP proof was shown before") from error
