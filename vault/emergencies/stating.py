"""An officer states an emergency, and may end it before its time is over."""

from datetime import timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import func, select

from audit.events import Event
from policies.model import Action
from vault.catalogue import CATALOGUE
from vault.context import Context
from vault.emergencies.following import FOLLOWED_UP_WITHIN
from vault.emergencies.views import WORDS, check_words, closed, is_open, note_of, own_row
from vault.errors import TooOftenError
from vault.ids import new_id
from vault.judging import demand
from vault.kinds import EmergencyReason, NoticeKind
from vault.models import Account, Emergency
from vault.notices import tell
from vault.purposes import Definition
from vault.purposes import find as find_purpose

LASTS: Final = timedelta(minutes=30)
"""How long a record is open in an emergency."""
MOST_A_DAY: Final = 10
"""How many emergencies one officer may state within 24 hours."""


def state(ctx: Context, *, citizen_id: UUID, purpose: str, reason: EmergencyReason, words: str) -> UUID:
    """
    State an emergency about a citizen whom the door found; return its id. The citizen is told in the same transaction.

    Raises:
        NotFoundError: No such purpose.
        InvalidInputError: *words* are empty or longer than `WORDS_MOST` characters.
        NotAllowedError: The rules do not let this officer act in an emergency under this purpose; it is logged.
        ProofNeededError: They prove again who they are first.
        TooOftenError: They stated `MOST_A_DAY` within 24 hours.
    """
    definition = find_purpose(ctx, slug=purpose)
    check_words(words)
    ground = demand(
        ctx,
        action=Action.EMERGENCY,
        citizen_id=citizen_id,
        fields=_together(definition),
        purpose=definition,
        reason=True,
    )
    service_id, account_id = ctx.actor.service_id, ctx.actor.account_id
    assert service_id and account_id  # noqa: S101, PT018 -- the rules let nobody else pass
    ctx.session.get(Account, account_id, with_for_update=True)  # of two statements at once, one must see the other
    if stated_most(ctx):
        raise TooOftenError(f"this officer stated {MOST_A_DAY} emergencies within 24 hours")
    emergency_id = new_id()
    row = Emergency(
        citizen_id=citizen_id,
        emergency_id=emergency_id,
        service_id=service_id,
        account_id=account_id,
        purpose=purpose,
        reason=reason,
        sealed_words=closed(ctx, citizen_id, emergency_id, WORDS, words),
        stated_at=ctx.now,
        ends_at=ctx.now + LASTS,
        due_at=ctx.now + FOLLOWED_UP_WITHIN,
    )
    ctx.session.add(row)
    tell(ctx, citizen_id=citizen_id, kind=NoticeKind.EMERGENCY, about=emergency_id)
    note_of(ctx, row, Event.EMERGENCY_STATED, because=list(ground.because), until=row.ends_at.isoformat())
    return emergency_id


def _together(definition: Definition) -> frozenset[str]:
    return frozenset(name for name in definition.most if not CATALOGUE.field(name).needs_reveal)


def stated_most(ctx: Context) -> bool:
    """Whether the officer stated `MOST_A_DAY` within 24 hours: ask before anybody is looked up for them."""
    since = ctx.now - timedelta(days=1)
    query = (
        select(func.count())
        .select_from(Emergency)
        .where(Emergency.account_id == ctx.actor.account_id, Emergency.stated_at > since)
    )
    return (ctx.session.scalar(query) or 0) >= MOST_A_DAY


def close(ctx: Context, *, emergency_id: UUID) -> None:
    """End the officer's own emergency now; where it is over already, nothing happens. Raises like `own_row`."""
    row = own_row(ctx, emergency_id=emergency_id, lock=True)
    if not is_open(ctx, row):
        return
    row.ends_at = ctx.now
    row.version += 1
    note_of(ctx, row, Event.EMERGENCY_CLOSED)
