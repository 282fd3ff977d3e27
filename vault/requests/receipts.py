"""The receipt of a decision: the words it was made on, what was decided, and when; kept sealed for the citizen."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson

from vault.confidential import close_for_citizen, open_for_citizen
from vault.context import Context
from vault.errors import NotFoundError
from vault.kinds import Channel, Decider
from vault.models import AccessRequest
from vault.requests.views import RequestView

_WHAT: Final = "receipt"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What the citizen was told when they decided, word for word as it was registered then."""

    service: str
    organisation: str
    purpose: str
    why: str
    service_says: str
    without: str
    basis: str
    condition: str | None
    controllers: tuple[str, ...]
    receiver_keeps: str
    whys: dict[str, str]
    """Each field that was asked for, and why."""

    @property
    def digest(self) -> str:
        """SHA-256 of the words as canonical JSON, 64 hex digits: the log holds the same with the decision."""
        return hashlib.sha256(orjson.dumps(self, option=orjson.OPT_SORT_KEYS)).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Renewal:
    """A later decision to let the share go on, on the words of that day."""

    decided_at: datetime
    until: datetime
    max_uses: int
    """Counted from the beginning of the share."""
    fields: frozenset[str]
    why: str
    digest: str
    """As `Notice.digest`, of the words on which it was renewed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """One decision, as it was made, and each later one to go on; how the share stands now is not in it."""

    request_id: UUID
    grant_id: UUID | None
    notice: Notice
    allowed: frozenset[str]
    refused: frozenset[str]
    until: datetime | None
    """When the share was to end; empty where nothing was shared."""
    max_uses: int
    decided_at: datetime
    decided_by: Decider
    channel: Channel
    renewals: tuple[Renewal, ...] = ()
    """Oldest first."""


def notice_of(asked: RequestView) -> Notice:
    """What *asked* tells the citizen now."""
    purpose = asked.purpose
    return Notice(
        service=asked.service.name,
        organisation=asked.service.organisation_name,
        purpose=purpose.name,
        why=purpose.why,
        service_says=asked.reason,
        without=purpose.without,
        basis=purpose.basis,
        condition=purpose.condition,
        controllers=purpose.controllers,
        receiver_keeps=purpose.receiver_keeps,
        whys=purpose.whys_of(asked.fields),
    )


def close_receipt(ctx: Context, receipt: Receipt, *, citizen_id: UUID) -> bytes:
    """Seal *receipt* for the citizen; the caller notes a key that this made."""
    words = orjson.loads(orjson.dumps(receipt, default=sorted))
    return close_for_citizen(ctx, citizen_id=citizen_id, what=_WHAT, row_id=receipt.request_id, words=words)


def receipt(ctx: Context, *, citizen_id: UUID, request_id: UUID) -> Receipt:
    """
    The receipt of a decision.

    Raises:
        NotFoundError: The citizen has no such request, or it was not decided by anyone.
    """
    row = ctx.session.get(AccessRequest, (citizen_id, request_id))
    if row is None or row.sealed_receipt is None:
        raise NotFoundError(f"request `{request_id}` has no receipt")
    held = open_for_citizen(ctx, citizen_id=citizen_id, what=_WHAT, row_id=request_id, sealed=row.sealed_receipt)
    return _read(held)


def _read(held: dict[str, Any]) -> Receipt:
    notice = held["notice"]
    return Receipt(
        request_id=UUID(held["request_id"]),
        grant_id=UUID(held["grant_id"]) if held["grant_id"] else None,
        notice=Notice(**{**notice, "controllers": tuple(notice["controllers"])}),
        allowed=frozenset(held["allowed"]),
        refused=frozenset(held["refused"]),
        until=datetime.fromisoformat(held["until"]) if held["until"] else None,
        max_uses=held["max_uses"],
        decided_at=datetime.fromisoformat(held["decided_at"]),
        decided_by=Decider(held["decided_by"]),
        channel=Channel(held["channel"]),
        renewals=tuple(map(_renewal, held.get("renewals", ()))),
    )


def _renewal(held: dict[str, Any]) -> Renewal:
    return Renewal(
        decided_at=datetime.fromisoformat(held["decided_at"]),
        until=datetime.fromisoformat(held["until"]),
        max_uses=held["max_uses"],
        fields=frozenset(held["fields"]),
        why=held["why"],
        digest=held["digest"],
    )
