"""Authority that the law gives: attorneys, deputies and appointees, and parents, whose evidence staff have seen.

Parents look for a child under 13; for a young person of 13 to 17 only where that was reviewed and kept; at 18 it ends.
The rules see to that by the child's status, whatever stands here (`policies/rules/safeguards.cedar`).
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from audit.events import Event
from vault import accounts, citizens
from vault.authorities import LEGAL, AuthorityView, row_of
from vault.confidential import close_for_citizen
from vault.context import Context
from vault.errors import InvalidInputError, NotAllowedError, SecondPersonNeededError, WrongStateError
from vault.ids import new_id
from vault.inviting import NAME_MOST, add
from vault.journal import note
from vault.kinds import AccountStatus, AuthorityKind, CitizenStatus, Role

EVIDENCE_MOST: Final = 500  # characters
PEOPLE: Final = {
    AuthorityKind.ATTORNEY: 2,
    AuthorityKind.DEPUTY: 2,
    AuthorityKind.APPOINTEE: 2,
    AuthorityKind.PARENTAL_RESPONSIBILITY: 1,
}
"""How many members of staff must have seen the evidence."""
_MINORS: Final = frozenset({CitizenStatus.CHILD, CitizenStatus.YOUNG_PERSON})


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """Who holds an authority, what shows it, and the staff who saw that."""

    name: str = field(repr=False)
    relationship: str = field(repr=False)
    citizen_name: str = field(repr=False)
    shown: str = field(repr=False)
    """What was seen: “LPA health and welfare, OPG 7000-…, original”."""
    seen_by: tuple[UUID, ...]


def enter(
    ctx: Context, *, citizen_id: UUID, kind: AuthorityKind, evidence: Evidence, until: datetime | None
) -> tuple[AuthorityView, str]:
    """
    Enter an authority that the law gives; return it and the invitation's handle for whoever holds it.

    Raises:
        SecondPersonNeededError: Fewer members of staff saw the evidence than this kind needs.
        NotAllowedError: One of them is no active member of staff, or the citizen is not of an age for it.
        InvalidInputError: Words are missing or too long, the day is past, or the kind is not the law's.
        NotFoundError: No such citizen or account.
    """
    if kind not in PEOPLE:
        raise InvalidInputError("a named person is invited by the citizen")
    _check(ctx, evidence, until)
    _check_people(ctx, kind, evidence.seen_by)
    minor = citizens.find(ctx, citizen_id=citizen_id).status in _MINORS
    if minor != (kind is AuthorityKind.PARENTAL_RESPONSIBILITY):
        raise NotAllowedError("parental responsibility is for people under 18, the other kinds are for adults")
    authority_id = new_id()
    sealed = close_for_citizen(
        ctx, citizen_id=citizen_id, what="evidence", row_id=authority_id, words={"shown": evidence.shown}
    )
    return add(
        ctx,
        citizen_id=citizen_id,
        kind=kind,
        fields=LEGAL,
        words={
            "name": evidence.name,
            "relationship": evidence.relationship,
            "citizen_name": evidence.citizen_name,
        },
        until=until,
        seen=evidence.seen_by,
        sealed_evidence=sealed,
        authority_id=authority_id,
    )


def _check(ctx: Context, evidence: Evidence, until: datetime | None) -> None:
    for words in (evidence.name, evidence.relationship, evidence.citizen_name):
        if not words.strip() or len(words) > NAME_MOST or not words.isprintable():
            raise InvalidInputError(f"names and relationship are one line of at most {NAME_MOST} characters")
    if not evidence.shown.strip() or len(evidence.shown) > EVIDENCE_MOST:
        raise InvalidInputError(f"say what evidence was seen, in at most {EVIDENCE_MOST} characters")
    if until is not None and until <= ctx.now:
        raise InvalidInputError("the last day is after today")


def _check_people(ctx: Context, kind: AuthorityKind, people: tuple[UUID, ...]) -> None:
    if len(set(people)) < PEOPLE[kind] or len(set(people)) != len(people):
        raise SecondPersonNeededError(f"the evidence for `{kind}` is seen by {PEOPLE[kind]} different people")
    for each in people:
        account = accounts.find(ctx, account_id=each)
        if account.role not in {Role.OFFICER, Role.ADMINISTRATOR} or account.status is not AccountStatus.ACTIVE:
            raise NotAllowedError(f"account `{each}` is no active officer or administrator")


def review(ctx: Context, *, citizen_id: UUID, authority_id: UUID, by: UUID, keep: bool) -> None:
    """
    Note that a parent's access to a young person was looked at: kept, or not.

    Raises:
        NotFoundError: No such authority or account.
        NotAllowedError: *by* is no active member of staff.
        WrongStateError: It is no parent's, or has ended.
    """
    _check_people(ctx, AuthorityKind.PARENTAL_RESPONSIBILITY, (by,))
    row = row_of(ctx, citizen_id, authority_id)
    if row.kind != AuthorityKind.PARENTAL_RESPONSIBILITY or row.ended_at is not None:
        raise WrongStateError("only a parent's access that has not ended is reviewed")
    row.reviewed = keep
    row.version += 1
    facts = {"authority": str(authority_id), "kept": keep, "seen": [str(by)]}
    note(ctx, Event.DELEGATE_REVIEWED, citizen_id=citizen_id, facts=facts)


def end(ctx: Context, *, citizen_id: UUID, authority_id: UUID) -> None:
    """
    End an authority that the law gave: it was revoked, or the evidence was wrong.

    Raises:
        NotFoundError: The citizen has no such authority.
        WrongStateError: It has ended already.
    """
    row = row_of(ctx, citizen_id, authority_id)
    if row.ended_at is not None:
        raise WrongStateError("this authority has ended already")
    row.ended_at, row.invite_hash = ctx.now, None
    row.version += 1
    facts = {"authority": str(authority_id), "kind": row.kind}
    note(ctx, Event.DELEGATE_ENDED, citizen_id=citizen_id, facts=facts)
