"""Inviting somebody to look: the citizen says who, what and until when, and hands over a link that works once.

Whoever opens the link gets an account of their own, as a delegate, or uses the one they have. The link is known by its
SHA-256 alone.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault import accounts, citizens, passkeys, sign_ins
from vault.accounts import AccountView, StaffLabel
from vault.authorities import LONGEST, SAFE, AuthorityView, close_words, state_of, view
from vault.context import Context
from vault.errors import InvalidInputError, LinkUsedError, NotAllowedError
from vault.ids import handle_hash, new_handle, new_id
from vault.journal import note
from vault.judging import check_proven
from vault.kinds import AuthorityKind, AuthorityState, CitizenStatus, NoticeKind, Role
from vault.models import Authority
from vault.notices import tell

INVITATION: Final = timedelta(days=14)
NAME_MOST: Final = 80  # characters
_MAY_INVITE: Final = frozenset({CitizenStatus.ACTIVE, CitizenStatus.YOUNG_PERSON, CitizenStatus.MOVED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Invited:
    """Who is to be let in."""

    name: str = field(repr=False)
    relationship: str = field(repr=False)
    citizen_name: str = field(repr=False)
    categories: frozenset[str]
    until: datetime


def invite(ctx: Context, *, citizen_id: UUID, invited: Invited) -> tuple[AuthorityView, str]:
    """
    Invite a named person; return the authority and the invitation's handle, which is shown once.

    Raises:
        NotAllowedError: Only the citizen themself invites, and not in every status.
        ProofNeededError: The citizen must first prove again that it is them.
        InvalidInputError: A name is missing or too long, the day is out of bounds, or nothing safe was picked.
    """
    check_proven(ctx)
    status = citizens.find(ctx, citizen_id=citizen_id).status
    if ctx.actor.kind != "citizen" or ctx.actor.citizen_id != citizen_id or status not in _MAY_INVITE:
        raise NotAllowedError("only the citizen themself lets somebody look")
    _check(ctx, invited)
    fields = frozenset().union(*(SAFE[each] for each in invited.categories))
    return add(
        ctx,
        citizen_id=citizen_id,
        kind=AuthorityKind.NAMED_PERSON,
        fields=fields,
        words={"name": invited.name, "relationship": invited.relationship, "citizen_name": invited.citizen_name},
        until=invited.until,
    )


def _check(ctx: Context, invited: Invited) -> None:
    for words in (invited.name, invited.relationship):
        if not words.strip() or len(words) > NAME_MOST or not words.isprintable():
            raise InvalidInputError(f"a name and a relationship are one line of at most {NAME_MOST} characters")
    if not invited.categories or not invited.categories <= SAFE.keys():
        raise InvalidInputError("pick at least one thing that may be shown to family")
    if not ctx.now < invited.until <= ctx.now + LONGEST:
        raise InvalidInputError(f"the last day is after today and within {LONGEST.days} days")


def add(
    ctx: Context,
    *,
    citizen_id: UUID,
    kind: AuthorityKind,
    fields: frozenset[str],
    words: dict[str, str],
    until: datetime | None,
    seen: tuple[UUID, ...] = (),
    sealed_evidence: bytes | None = None,
    authority_id: UUID | None = None,
) -> tuple[AuthorityView, str]:
    """Keep a new authority with an invitation; whether it may be made was asked by the caller."""
    authority_id, handle = authority_id or new_id(), new_handle()
    row = Authority(
        citizen_id=citizen_id,
        authority_id=authority_id,
        kind=str(kind),
        powers=["see"],
        fields=sorted(fields),
        sealed_words=close_words(ctx, authority_id, citizen_id, words),
        sealed_evidence=sealed_evidence,
        valid_from=ctx.now,
        valid_to=until,
        seen_by=seen[0] if seen else None,
        seen_second=seen[1] if len(seen) > 1 else None,
        invite_hash=handle_hash(handle),
        invite_expires_at=ctx.now + INVITATION,
    )
    ctx.session.add(row)
    facts = {
        "authority": str(authority_id),
        "kind": str(kind),
        "fields": sorted(fields),
        "until": until.isoformat() if until else "",
        "seen": [str(each) for each in seen],
    }
    note(ctx, Event.DELEGATE_INVITED, citizen_id=citizen_id, facts=facts, personal={"name": words["name"]})
    return view(ctx, row), handle


def peek(ctx: Context, *, handle: str) -> AuthorityView | None:
    """The authority behind an invitation that still works; looking does not use it."""
    row = _row(ctx, handle)
    return view(ctx, row) if row is not None else None


def _row(ctx: Context, handle: str, *, lock: bool = False) -> Authority | None:
    query = select(Authority).where(Authority.invite_hash == handle_hash(handle))
    row = ctx.session.scalars(query.with_for_update() if lock else query).one_or_none()
    if row is None or row.invite_expires_at is None or row.invite_expires_at <= ctx.now:
        return None
    open_states = {AuthorityState.INVITED, AuthorityState.ACTIVE}
    return row if state_of(row, ctx.now) in open_states and _unused(ctx, row) else None


def _unused(ctx: Context, row: Authority) -> bool:
    """Whether nobody can sign in through it yet: who did not get as far as a way to sign in may open the link again."""
    holder = row.holder_account_id
    if holder is None:
        return True
    return not (sign_ins.can_prove(ctx, account_id=holder) or passkeys.has_other_way(ctx, account_id=holder))


def accept(ctx: Context, *, handle: str, account_id: UUID | None = None) -> AccountView:
    """
    Accept an invitation with the delegate's account *account_id*, or a new one; return it. The citizen is told.

    Raises:
        LinkUsedError: The invitation was used, has ended, or never was.
        NotAllowedError: The account is no delegate's.
    """
    row = _row(ctx, handle, lock=True)
    if row is None:
        raise LinkUsedError("this invitation was used already or has ended")
    if account_id is None and row.holder_account_id is not None:
        return accounts.find(ctx, account_id=row.holder_account_id)
    held = view(ctx, row)
    account = accounts.find(ctx, account_id=account_id) if account_id else _new_account(ctx, held)
    if account.role is not Role.DELEGATE:
        raise NotAllowedError("an invitation is accepted with an account of its own")
    row.holder_account_id = account.account_id
    if account_id is not None:
        row.invite_hash = None
    row.version += 1
    tell(ctx, citizen_id=row.citizen_id, kind=NoticeKind.FAMILY, about=row.authority_id)
    facts = {"authority": str(row.authority_id), "kind": row.kind, "holder": str(account.account_id)}
    note(ctx, Event.DELEGATE_MADE, citizen_id=row.citizen_id, facts=facts, personal={"name": held.name})
    return account


def _new_account(ctx: Context, held: AuthorityView) -> AccountView:
    return accounts.make(ctx, role=Role.DELEGATE, label=StaffLabel(held.name, "", ""))
