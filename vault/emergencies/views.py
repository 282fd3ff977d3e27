"""Emergencies as those who may see them see them: in lists without a word, alone with what both sides wrote."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import EmergencyFacts
from vault.acting import acting_person
from vault.catalogue import CATALOGUE
from vault.confidential import close_for_citizen, open_for_citizen
from vault.context import Context
from vault.errors import InvalidInputError, NotFoundError
from vault.journal import note
from vault.kinds import EmergencyReason, FollowUp
from vault.models import Emergency
from vault.purposes import Definition, of_service
from vault.purposes import find as find_purpose
from vault.views import ServiceView, service_view

WORDS_MOST: Final = 1000  # characters
WORDS: Final = "emergency"
ANSWER: Final = "emergency-answer"
"""What the officer's and the supervisor's words are sealed as."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyLine:
    """An emergency without its words and without the resident: what a list shows."""

    emergency_id: UUID
    service: ServiceView
    account_id: UUID
    purpose: Definition
    reason: EmergencyReason
    stated_at: datetime
    ends_at: datetime
    due_at: datetime
    outcome: FollowUp | None
    followed_at: datetime | None
    is_open: bool
    """Whether the record may still be looked at."""
    is_late: bool
    """Whether no supervisor looked at it in time."""

    @property
    def fields(self) -> frozenset[str]:
        """What opens together: everything that its purpose may have, save what opens one at a time."""
        return self.purpose.most - self.hidden

    @property
    def hidden(self) -> frozenset[str]:
        """What opens one at a time."""
        return frozenset(name for name in self.purpose.most if CATALOGUE.field(name).needs_reveal)


@dataclass(frozen=True, slots=True, kw_only=True)
class EmergencyView(EmergencyLine):
    """An emergency with what both sides of the service wrote."""

    words: str = field(repr=False)
    answer: str = field(repr=False)
    """Why the supervisor says so; empty until they did."""


def check_words(words: str) -> None:
    """
    Refuse what says nothing or too much.

    Raises:
        InvalidInputError: It is empty, or longer than `WORDS_MOST` characters.
    """
    if not words.strip() or len(words) > WORDS_MOST:
        raise InvalidInputError(f"say why, in at most {WORDS_MOST} characters")


def closed(ctx: Context, citizen_id: UUID, emergency_id: UUID, what: str, words: str) -> bytes:
    """Seal the *words* of one side under the citizen's key."""
    said = {"words": words.strip()}
    return close_for_citizen(ctx, citizen_id=citizen_id, what=what, row_id=emergency_id, words=said)


def note_of(ctx: Context, row: Emergency, event: Event, **more: object) -> None:
    """Log what happened to an emergency, by whom; *more* are further facts, never words."""
    facts = {**logged(row), **more, "acting": acting_person(ctx)}
    note(ctx, event, citizen_id=row.citizen_id, purpose=row.purpose, facts=facts)


def logged(row: Emergency) -> dict[str, object]:
    """What an entry says of an emergency: ids and the reason from the list, never words."""
    return {"emergency": str(row.emergency_id), "reason": str(row.reason), "service": str(row.service_id)}


def facts_of(ctx: Context, row: Emergency) -> EmergencyFacts:
    """An emergency as the rules know it now."""
    return EmergencyFacts(
        owner=str(row.citizen_id),
        service=str(row.service_id),
        own=ctx.actor.account_id == row.account_id,
        state="open" if is_open(ctx, row) else "over",
    )


def is_open(ctx: Context, row: Emergency) -> bool:
    """Whether the record may still be looked at."""
    return row.ends_at > ctx.now and row.outcome is None


def own_row(ctx: Context, *, emergency_id: UUID, lock: bool = False) -> Emergency:
    """
    The emergency that this very officer stated for the service they work for.

    Raises:
        NotFoundError: There is none, or somebody else stated it; both look the same.
    """
    row = row_of(ctx, emergency_id, lock=lock)
    if row.account_id != ctx.actor.account_id or row.service_id != ctx.actor.service_id:
        raise NotFoundError(f"emergency `{emergency_id}` is not known")
    return row


def row_of(ctx: Context, emergency_id: UUID, *, lock: bool) -> Emergency:
    """
    The row of an emergency, whoever stated it.

    Raises:
        NotFoundError: There is none.
    """
    query = select(Emergency).where(Emergency.emergency_id == emergency_id)
    row = ctx.session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFoundError(f"emergency `{emergency_id}` is not known")
    return row


def of_citizen(ctx: Context, *, citizen_id: UUID, emergency_id: UUID) -> EmergencyLine:
    """
    An emergency in which a citizen's record was opened, for them: who, why by the list, and what was found of it.

    Raises:
        NotFoundError: There is none about them.
    """
    row = ctx.session.get(Emergency, (citizen_id, emergency_id))
    if row is None:
        raise NotFoundError(f"emergency `{emergency_id}` is not known")
    return line_of(ctx, row)


def own(ctx: Context, *, emergency_id: UUID) -> EmergencyView:
    """The officer's own emergency, with their words; raises like `own_row`."""
    return view_of(ctx, own_row(ctx, emergency_id=emergency_id))


def concern(ctx: Context) -> bool:
    """Whether emergencies concern the officer who acts: they may state one, stated one before, or supervise."""
    service_id = ctx.actor.service_id
    if ctx.actor.supervises:
        return True
    if service_id is not None and any(each.emergency for each in of_service(ctx, service_id=service_id)):
        return True
    query = select(Emergency.emergency_id).where(
        Emergency.account_id == ctx.actor.account_id, Emergency.service_id == service_id
    )
    return ctx.session.scalars(query.limit(1)).first() is not None


def of_officer(ctx: Context) -> list[EmergencyLine]:
    """What the officer stated themselves, newest first."""
    query = select(Emergency).where(
        Emergency.account_id == ctx.actor.account_id, Emergency.service_id == ctx.actor.service_id
    )
    return [line_of(ctx, row) for row in ctx.session.scalars(query.order_by(Emergency.stated_at.desc()))]


def line_of(ctx: Context, row: Emergency) -> EmergencyLine:
    """An emergency without its words."""
    return EmergencyLine(
        emergency_id=row.emergency_id,
        service=service_view(ctx, row.service_id),
        account_id=row.account_id,
        purpose=find_purpose(ctx, slug=row.purpose),
        reason=row.reason,
        stated_at=row.stated_at,
        ends_at=row.ends_at,
        due_at=row.due_at,
        outcome=row.outcome,
        followed_at=row.followed_at,
        is_open=is_open(ctx, row),
        is_late=row.outcome is None and row.due_at <= ctx.now,
    )


def view_of(ctx: Context, row: Emergency) -> EmergencyView:
    """An emergency with the words of both sides."""
    line = line_of(ctx, row)
    return EmergencyView(
        **{name: getattr(line, name) for name in EmergencyLine.__dataclass_fields__},
        words=_opened(ctx, row, WORDS, row.sealed_words),
        answer=_opened(ctx, row, ANSWER, row.sealed_answer),
    )


def _opened(ctx: Context, row: Emergency, what: str, sealed: bytes | None) -> str:
    if sealed is None:
        return ""
    return str(
        open_for_citizen(ctx, citizen_id=row.citizen_id, what=what, row_id=row.emergency_id, sealed=sealed)["words"]
    )
