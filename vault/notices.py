"""Notices: telling a citizen that something waits, in the portal always, and by e-mail as they wish.

Known and unknown people get the same rows, so that a service which asked somebody who is not here learns nothing; the
sender (`vault.outgoing`) finds nobody to write to and forgets the row.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import bindparam, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects import postgresql, sqlite

from audit.events import Event
from vault.authentic import mac_of, marks_of
from vault.context import Context
from vault.journal import note
from vault.judging import check_proven
from vault.kinds import GrantState, MailChoice, NoticeKind
from vault.models import Grant, Notice, NoticeChoice, OutgoingMail, UtcDateTime
from vault.webhooks import HookEvent
from vault.webhooks import tell as tell_service

SOON: Final = timedelta(days=7)
"""How long before a share ends both sides are told."""
DIGEST_AT: Final = time(8)
"""When the day's one mail leaves, UTC."""
KEPT: Final = timedelta(days=365)
LONGEST_PLACE: Final = 64  # characters of a place: a kind, an id and a small number
STALE: Final = timedelta(days=3)
"""A mail that could not leave for so long, as where no mail server is set, would only confuse."""

SAFETY: Final = frozenset({NoticeKind.NEW_PASSKEY, NoticeKind.RECOVERY, NoticeKind.WAY_REMOVED})
"""What is mailed at once even to those who want no mail: who took over a sign-in must not be able to keep it quiet."""
URGENT: Final = SAFETY | {NoticeKind.EMERGENCY}
"""What is mailed at once even to those who want one mail a day."""

# Two processes may tell the same person at the same moment: neither may fail, and neither may tell twice.
_ADD: Final = {
    is_sqlite: dialect.insert(Notice).on_conflict_do_nothing().returning(Notice.about)
    for is_sqlite, dialect in ((True, sqlite), (False, postgresql))
}
_MAIL: Final = {
    is_sqlite: dialect.insert(OutgoingMail).on_conflict_do_nothing()
    for is_sqlite, dialect in ((True, sqlite), (False, postgresql))
}
_SOONER: Final = (
    update(OutgoingMail.__table__)  # type: ignore[arg-type] # a declarative class's table is a Table
    .where(
        OutgoingMail.citizen_id == bindparam("the_citizen"),
        OutgoingMail.tries == 0,
        OutgoingMail.due_at > bindparam("the_time", type_=UtcDateTime),
    )
    .values(due_at=bindparam("the_time", type_=UtcDateTime))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeView:
    """One notice, as its citizen sees it."""

    citizen_id: UUID
    kind: NoticeKind
    about: UUID
    occasion: int
    at: datetime
    is_new: bool

    @property
    def place(self) -> str:
        """Where it stands among its citizen's notices, for the page that goes on after it."""
        return f"{self.kind}.{self.about}.{self.occasion}"


def tell(ctx: Context, *, citizen_id: UUID, kind: NoticeKind, about: UUID, occasion: int = 0) -> bool:
    """Put a notice before a citizen, once for each occasion, with a mail if they want one; return whether it is new."""
    values = {
        "citizen_id": citizen_id,
        "kind": kind,
        "about": about,
        "occasion": occasion,
        "at": ctx.now,
        "read_at": None,
    }
    marked = {**values, "row_mac": mac_of(marks_of(ctx.session), Notice, values)}
    connection = ctx.session.connection()
    if connection.execute(_ADD[ctx.vault.db.is_sqlite], marked).first() is None:
        return False
    due_at = _due(ctx, choice(ctx, citizen_id=citizen_id), kind)
    if due_at is not None:
        mail = {"citizen_id": citizen_id, "due_at": due_at, "tries": 0, "by_letter": False}
        connection.execute(_MAIL[ctx.vault.db.is_sqlite], mail)
        connection.execute(_SOONER, {"the_citizen": citizen_id, "the_time": due_at})
    return True


def _due(ctx: Context, chosen: MailChoice, kind: NoticeKind) -> datetime | None:
    if kind in SAFETY:
        return ctx.now
    if chosen is MailChoice.NONE:
        return None
    if chosen is MailChoice.AT_ONCE or kind in URGENT:
        return ctx.now
    digest = datetime.combine(ctx.now.date(), DIGEST_AT, tzinfo=ctx.now.tzinfo)
    return digest if digest > ctx.now else digest + timedelta(days=1)


def of_citizen(
    ctx: Context,
    *,
    citizen_id: UUID,
    after: str | None = None,
    limit: int | None = None,
    kinds: frozenset[NoticeKind] = frozenset(NoticeKind),
) -> list[NoticeView]:
    """
    A citizen's notices, newest first.

    Args:
        ctx: The vault, now.
        citizen_id: Whose.
        after: Only those below the one that stands at this `NoticeView.place`; one that is not theirs is no limit.
        limit: How many at most; all where empty.
        kinds: Only these.
    """
    order = (Notice.at, Notice.about, Notice.kind, Notice.occasion)
    newest_first = (each.desc() for each in order)
    query = select(Notice).where(Notice.citizen_id == citizen_id).order_by(*newest_first).limit(limit)
    if kinds != frozenset(NoticeKind):
        query = query.where(Notice.kind.in_(kinds))
    last = _at_place(ctx, citizen_id, after) if after else None
    if last is not None:
        query = query.where(tuple_(*order) < tuple_(*(literal(getattr(last, each.key), each.type) for each in order)))
    return [_view(row) for row in ctx.session.scalars(query)]


def _view(row: Notice) -> NoticeView:
    return NoticeView(
        citizen_id=row.citizen_id,
        kind=row.kind,
        about=row.about,
        occasion=row.occasion,
        at=row.at,
        is_new=row.read_at is None,
    )


def _at_place(ctx: Context, citizen_id: UUID, place: str) -> Notice | None:
    if len(place) > LONGEST_PLACE:
        return None
    try:
        kind, about, occasion = place.split(".")
        key = (citizen_id, NoticeKind(kind), UUID(about), int(occasion))
    except ValueError:
        return None
    return ctx.session.get(Notice, key)


def unread(ctx: Context, *, citizen_id: UUID) -> int:
    """How many of a citizen's notices they have not read."""
    query = select(func.count()).select_from(Notice).where(Notice.citizen_id == citizen_id, Notice.read_at.is_(None))
    return ctx.session.scalar(query) or 0


def mark_read(ctx: Context, *, citizen_id: UUID, shown: Sequence[NoticeView]) -> None:
    """Note that a citizen has seen *shown*, notices of their own."""
    for each in (one for one in shown if one.is_new):
        row = ctx.session.get(Notice, (citizen_id, each.kind, each.about, each.occasion))
        if row is not None:
            row.read_at = row.read_at or ctx.now


def choice(ctx: Context, *, citizen_id: UUID) -> MailChoice:
    """How a citizen wants mail: at once, unless they said otherwise."""
    row = ctx.session.get(NoticeChoice, citizen_id)
    return row.mail if row else MailChoice.AT_ONCE


def choose(ctx: Context, *, citizen_id: UUID, mail: MailChoice) -> bool:
    """
    Keep how a citizen wants mail; return whether that changed. Notices in the portal go on whatever they choose.

    A mail about the safety of the account that is on its way goes all the same: no thief of a sign-in can call it back.

    Raises:
        ProofNeededError: They want none, could prove again who they are, and did not just now.
    """
    if mail is MailChoice.NONE:
        check_proven(ctx)
    row = ctx.session.get(NoticeChoice, citizen_id)
    if row is None:
        ctx.session.add(NoticeChoice(citizen_id=citizen_id, mail=mail))
    elif row.mail is mail:
        return False
    else:
        row.mail = mail
        row.version += 1
    if mail is MailChoice.NONE and not _told_of_safety(ctx, citizen_id):
        ctx.session.execute(delete(OutgoingMail).where(OutgoingMail.citizen_id == citizen_id))
    note(ctx, Event.NOTICE_CHOSEN, citizen_id=citizen_id, facts={"mail": str(mail)})
    return True


def _told_of_safety(ctx: Context, citizen_id: UUID) -> bool:
    """Whether a mail that is on its way may speak of the safety of the account: the mail itself does not say."""
    recent = select(Notice.about).where(
        Notice.citizen_id == citizen_id, Notice.kind.in_(SAFETY), Notice.at > ctx.now - STALE
    )
    return ctx.session.scalars(recent.limit(1)).first() is not None


def sweep(ctx: Context) -> None:
    """Tell whose shares end soon, and their services, once for each end; forget notices that are a year old."""
    told = (
        select(Notice.about)
        .where(
            Notice.citizen_id == Grant.citizen_id,
            Notice.kind == NoticeKind.SHARE_ENDS,
            Notice.about == Grant.grant_id,
            Notice.occasion == Grant.version,
        )
        .exists()
    )
    ending = select(Grant.citizen_id, Grant.grant_id, Grant.version, Grant.service_id).where(
        Grant.state == GrantState.ACTIVE,
        Grant.not_after > ctx.now,
        Grant.not_after <= ctx.now + SOON,
        Grant.made_at <= ctx.now - SOON,
        ~told,
    )
    for citizen_id, grant_id, version, service_id in ctx.session.execute(ending).all():
        if tell(ctx, citizen_id=citizen_id, kind=NoticeKind.SHARE_ENDS, about=grant_id, occasion=version):
            tell_service(ctx, service_id=service_id, event=HookEvent.GRANT_EXPIRING, grant_id=grant_id)
    ctx.session.execute(delete(Notice).where(Notice.at < ctx.now - KEPT))
    stale = OutgoingMail.due_at < ctx.now - STALE
    ctx.session.execute(delete(OutgoingMail).where(stale, OutgoingMail.by_letter.is_(False)))
