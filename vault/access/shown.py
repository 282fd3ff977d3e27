"""What a service's token opens the door to: the token found, and judged for the one who shows it."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from vault import facts as reading
from vault.access.asking import Proof
from vault.clock import month_of
from vault.context import Actor, Vault
from vault.errors import TokenInvalidError
from vault.facts import Sharing, Values
from vault.ids import handle_hash
from vault.kinds import TokenKind
from vault.runtime import prepare

Load = Callable[[], Sharing | None]
Admit = Callable[[UUID, UUID], None]
"""Told the service and the citizen of a good token before anything is decided; raises to send the caller away."""


def anyone(_service_id: UUID, _citizen_id: UUID) -> None:
    """Send nobody away."""


def loading(vault: Vault, handle: str) -> Load:
    """How the token behind *handle*, and all that its grant rests on, is read; each call reads anew."""
    now = vault.clock()
    return lambda: reading.by_token(vault.db, token_hash=handle_hash(handle), month=month_of(now))


def good(vault: Vault, load: Load, proof: Proof) -> Sharing:
    """
    What *load* finds, where the token is good now for the one who proves *proof*.

    Raises:
        TokenInvalidError: It is unknown, ended, bound to another key, or of an older version of its grant.
        RowForgedError: A row was planted or changed behind the vault's back.
    """
    sharing = with_month(vault, load)
    if sharing is None or not is_good(sharing, proof, vault.clock()):
        raise TokenInvalidError("the token is not known, has ended, or is not yours")
    return sharing


def is_good(sharing: Sharing, proof: Proof, now: datetime) -> bool:
    """Whether the token is an access token of now, of its grant as it is, for the sender's key."""
    token = sharing.token
    return (
        token is not None
        and token["kind"] is TokenKind.ACCESS
        and token["expires_at"] > now
        and token["thumbprint"] == proof.thumbprint
        and token["grant_version"] == sharing.grant["version"]
        and token["service_id"] == sharing.grant["service_id"]
    )


def service_of(sharing: Sharing) -> Actor:
    """The service that the grant was given to, as who acts."""
    return sharing.service.made(_actor)


def _actor(service: Values) -> Actor:
    return Actor(kind="service", service_id=service["service_id"], organisation_id=service["organisation_id"])


def with_month(vault: Vault, load: Load) -> Sharing | None:
    """What *load* finds, with this month's key made where a month has just begun."""
    sharing = load()
    if sharing is None or sharing.month_key is not None:
        return sharing
    prepare(vault)
    return load()
