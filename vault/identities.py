"""Sign-in identities: people whom an identity provider or the council's directory vouches for.

Known by issuer and subject, of which only a blind index is kept. What a provider says of a name or a birth date is
never kept and never enough: who belongs to which account is settled by a second fact, or by two people.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, or_, select

from audit.events import Event
from vault import accounts
from vault.context import Context
from vault.errors import LinkUsedError, NotFoundError, WrongStateError
from vault.ids import handle_hash, new_handle, new_id
from vault.journal import note
from vault.judging import check_proven
from vault.kinds import NoticeKind
from vault.models import Binding, Identity, Passkey, RecoveryCode
from vault.notices import tell

UNFINISHED_LIFE: Final = timedelta(minutes=15)
TRIES: Final = 5
_INDEX: Final = "subject"


@dataclass(frozen=True, slots=True)
class IdentityView:
    """An identity that is bound to an account."""

    identity_id: UUID
    issuer: str
    assurance: str
    bound_at: datetime


@dataclass(frozen=True, slots=True)
class Vouched:
    """Whom a provider vouched for: issuer, blind index of the subject, how sure it is."""

    issuer: str
    subject_index: bytes
    assurance: str


def vouched(ctx: Context, *, issuer: str, subject: str, assurance: str) -> Vouched:
    """What is kept of a provider's word: *subject* becomes its blind index."""
    return Vouched(issuer, ctx.keyring.blind_index(_INDEX, f"{issuer}|{subject}"), assurance)


def account_of(ctx: Context, *, whom: Vouched) -> UUID | None:
    """The account that is bound to whom a provider vouched for, or none."""
    row = ctx.session.scalars(
        select(Identity).where(Identity.issuer == whom.issuer, Identity.subject_index == whom.subject_index)
    ).one_or_none()
    return row.account_id if row else None


def of_account(ctx: Context, *, account_id: UUID) -> list[IdentityView]:
    """The identities of an account, oldest first."""
    rows = ctx.session.scalars(select(Identity).where(Identity.account_id == account_id).order_by(Identity.bound_at))
    return [IdentityView(row.identity_id, row.issuer, row.assurance, row.bound_at) for row in rows]


def bind(ctx: Context, *, account_id: UUID, whom: Vouched, evidence: str, agreed: tuple[UUID, ...] = ()) -> None:
    """
    Bind whom a provider vouched for to an account.

    Args:
        ctx: The context.
        account_id: Whose account.
        whom: Whom the provider vouched for.
        evidence: By which second fact it is theirs, in words, without a value.
        agreed: The people who agreed to it, for staff: two different ones.

    Raises:
        WrongStateError: It is bound already.
    """
    if account_of(ctx, whom=whom) is not None:
        raise WrongStateError("this identity is bound already")
    account = accounts.find(ctx, account_id=account_id)
    row = Identity(
        account_id=account_id,
        identity_id=new_id(),
        issuer=whom.issuer,
        subject_index=whom.subject_index,
        assurance=whom.assurance,
        evidence=evidence,
        bound_at=ctx.now,
        bound_by=agreed[0] if agreed else None,
    )
    ctx.session.add(row)
    facts = {
        "account": str(account_id),
        "identity": str(row.identity_id),
        "issuer": whom.issuer,
        "assurance": whom.assurance,
        "evidence": evidence,
        "agreed": [str(person) for person in agreed],
    }
    note(ctx, Event.IDENTITY_BOUND, citizen_id=account.citizen_id, facts=facts)


def unbind(ctx: Context, *, account_id: UUID, identity_id: UUID) -> None:
    """
    Let an identity sign in to an account no more.

    Raises:
        NotFoundError: The account has no such identity.
        WrongStateError: It is the last way in on this account.
        ProofNeededError: The person could prove again who they are, and did not just now.
    """
    check_proven(ctx)
    row = ctx.session.get(Identity, (account_id, identity_id), with_for_update=True)
    if row is None:
        raise NotFoundError(f"identity `{identity_id}` is not known")
    others = len(of_account(ctx, account_id=account_id)) > 1
    means = (select(each.account_id).where(each.account_id == account_id).exists() for each in (Passkey, RecoveryCode))
    if not others and not ctx.session.scalar(select(or_(*means))):
        raise WrongStateError("this is the last way in: add another one first")
    account = accounts.find(ctx, account_id=account_id)
    ctx.session.delete(row)
    if account.citizen_id is not None:
        tell(ctx, citizen_id=account.citizen_id, kind=NoticeKind.WAY_REMOVED, about=identity_id)
    facts = {"account": str(account_id), "identity": str(identity_id), "issuer": row.issuer}
    note(ctx, Event.IDENTITY_UNBOUND, citizen_id=account.citizen_id, facts=facts)


def keep_unfinished(ctx: Context, *, whom: Vouched) -> str:
    """Keep somebody vouched for while their account is looked for; return the handle, good for fifteen minutes."""
    handle = new_handle()
    ctx.session.add(
        Binding(
            binding_hash=handle_hash(handle),
            issuer=whom.issuer,
            subject_index=whom.subject_index,
            assurance=whom.assurance,
            expires_at=ctx.now + UNFINISHED_LIFE,
        )
    )
    return handle


def unfinished(ctx: Context, *, handle: str) -> Vouched | None:
    """Who is behind *handle*, if it still works."""
    row = ctx.session.get(Binding, handle_hash(handle))
    if row is None or row.expires_at <= ctx.now or row.tries >= TRIES:
        return None
    return Vouched(row.issuer, row.subject_index, row.assurance)


def try_unfinished(ctx: Context, *, handle: str) -> Vouched:
    """
    Count one try of a second fact before it is looked at. Commit this first: five tries end the handle.

    Raises:
        LinkUsedError: It was used, has ended or was tried too often.
    """
    row = ctx.session.get(Binding, handle_hash(handle), with_for_update=True)
    if row is None or row.expires_at <= ctx.now or row.tries >= TRIES:
        raise LinkUsedError("start again at your identity provider")
    row.tries += 1
    return Vouched(row.issuer, row.subject_index, row.assurance)


def finish(ctx: Context, *, handle: str) -> None:
    """
    Use the handle up.

    Raises:
        LinkUsedError: It was used in this very moment.
    """
    gone = delete(Binding).where(Binding.binding_hash == handle_hash(handle)).returning(Binding.binding_hash)
    if ctx.session.execute(gone).first() is None:
        raise LinkUsedError("start again at your identity provider")
