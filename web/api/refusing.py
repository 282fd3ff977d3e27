"""What the service protocol refuses, put into the log: singly once the client has proved itself, else in a sum.

A replayed assertion or proof is genuine, but whoever shows it again has shown nothing of their own. So each one is an
entry the first time it comes back, and a sum after that.
"""

from contextlib import suppress
from datetime import datetime
from typing import Any, Final

from flask import g, request

from audit.events import Event
from vault import tokens
from vault.context import SYSTEM, Actor
from vault.errors import ReplayedError
from vault.refusals import log_refused_service
from vault.sums import Refused
from web.api.edge import edge

ASKING: Final = frozenset({"/oauth/bc-authorize", "/oauth/par"})
NO_REFUSAL: Final = frozenset(
    {"authorization_pending", "slow_down", "expired_token", "access_denied_by_citizen", "use_dpop_nonce"}
)
"""Reasons that say how things stand, and not that something was refused."""

_STRANGER: Final = {"invalid_client": Refused.CLIENT, "invalid_dpop_proof": Refused.PROOF}
_REPLAYED: Final = {
    "assertion-replayed": Refused.ASSERTION_REPLAYED,
    "proof-replayed": Refused.PROOF_REPLAYED,
}


def begin(actor: Actor) -> None:
    """Remember which service this call says it comes from; that is not proved yet."""
    g.claimed_service, g.proven_service = actor, False


def proven() -> None:
    """The service has proved itself by a fresh assertion of its own."""
    g.proven_service = True


def count(kind: Refused) -> None:
    """Count a stranger's refusal."""
    edge().vault.count_refused(kind)


def log_service(actor: Actor, reason: str) -> None:
    """Write an entry for what *actor*, a service that proved itself, was refused."""
    event = Event.REQUEST_REFUSED if request.path in ASKING else Event.TOKEN_REFUSED
    log_refused_service(edge().vault, actor, event, reason=reason, endpoint=str(request.url_rule))


def replayed(reason: str, *, owner: str, jti: str, expires_at: datetime) -> None:
    """Log that something genuine came back: the first time singly, for the service it came from, later in a sum."""
    g.replay_logged = True
    claimed: Actor | None = g.get("claimed_service")
    if claimed is not None:
        with suppress(ReplayedError):
            with edge().vault.transaction(SYSTEM) as ctx:
                tokens.spend(ctx, owner=f"again:{owner}", jti=jti, expires_at=expires_at)
            log_service(claimed, reason)
            return
    count(_REPLAYED[reason])


def log(error: Any) -> None:  # noqa: ANN401 -- Authlib's error, which carries no types
    """Log the refusal that *error* tells the caller of."""
    reason = str(getattr(error, "reason", error.error))
    if reason in NO_REFUSAL or getattr(error, "logged", False) or g.get("replay_logged"):
        return
    claimed: Actor | None = g.get("claimed_service")
    if claimed is not None and g.proven_service:
        log_service(claimed, "suspended" if reason == "invalid_client" else reason)
    else:
        count(_STRANGER.get(reason, Refused.REQUEST))
