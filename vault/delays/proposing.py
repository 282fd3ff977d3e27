"""Asking that an entry is shown later, with what would give it away (`vault.delays.telling`).

What the citizen knows already (they asked about the line, or were told of an emergency) is not hidden.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlalchemy import select

from audit.events import Event
from policies.model import DelayStep
from vault import trail
from vault.confidential import close_for_house
from vault.context import Context
from vault.delays.judging import demand_step, is_of_the_council, note_step
from vault.delays.laws import LAWS
from vault.delays.telling import gather
from vault.delays.views import WORDS, DelayView, of_entry, view_of
from vault.errors import InvalidInputError, NotFoundError, WrongStateError
from vault.ids import new_id
from vault.models import Case, Delay
from vault.trail import Line
from vault.trail.lines import by_of
from vault.trail.proving import entry_row

MOST_WHY: Final = 1000
MOST_AUTHORITY: Final = 200
OF_OTHERS: Final = frozenset(
    {
        Event.RECORD_OPENED,
        Event.RECORD_REFUSED,
        Event.REQUEST_REFUSED,
        Event.TOKEN_ISSUED,
        Event.TOKEN_REFUSED,
        Event.AUDIT_SEARCHED,
        Event.AUDIT_EXPORTED,
    }
)
"""What may be shown later: looks, and tries to look, by services and staff; not what changes a share or the record."""
_OWN: Final = frozenset({"citizen", "delegate"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What is asked for."""

    leaf_hash: bytes
    until: datetime
    """The moment from which the citizen is to see it."""
    law: str
    """One of `LAWS`."""
    authority: str
    """Who asks for it, such as a police force, at most `MOST_AUTHORITY` characters; it names no resident."""
    why: str
    """For the second person, at most `MOST_WHY` characters."""


def propose(ctx: Context, *, wanted: Wanted) -> DelayView:
    """
    Ask for a delay; until a second person approves it, the citizen sees the entry.

    Raises:
        NotFoundError: There is no such entry in the part of the log that the actor may read.
        InvalidInputError: A word is missing or too long, the entry is none that may be delayed, or its citizen knows.
        WrongStateError: A delay of it waits or runs already.
        NotAllowedError: The rules say no: too long, in the past, one's own act, or no auditor of the council.
        ProofNeededError: The auditor could prove again who they are, and did not just now.
    """
    _check_words(wanted)
    line = trail.entry(ctx, leaf_hash=wanted.leaf_hash)
    leaf = entry_row(ctx, wanted.leaf_hash).leaf
    if not _is_look_of_others(line) or leaf.subject is None:
        raise InvalidInputError("only a look, or a try to look, by a service or by staff is shown later")
    _check_unknown(ctx, line)
    if of_entry(ctx, leaf_hash=wanted.leaf_hash):
        raise WrongStateError("a delay of this entry waits or runs already")
    row = _row(ctx, wanted, line, bytes.fromhex(leaf.subject))
    demand_step(ctx, DelayStep.PROPOSE, row, about_self=by_of(line.facts).get("account") == str(ctx.actor.account_id))
    ctx.session.add(row)
    note_step(ctx, Event.DELAY_PROPOSED, row)
    return view_of(ctx, row)


def may_be_delayed(ctx: Context, line: Line) -> bool:
    """Whether an auditor may ask for a delay of *line*, by what is known of it without asking the rules."""
    return is_of_the_council(ctx) and _is_look_of_others(line) and not of_entry(ctx, leaf_hash=line.leaf_hash)


def _is_look_of_others(line: Line) -> bool:
    return line.event in OF_OTHERS and line.who.kind not in _OWN


def _check_words(wanted: Wanted) -> None:
    if wanted.law not in LAWS:
        raise InvalidInputError("law: choose one of the list")
    if not 0 < len(wanted.authority.strip()) <= len(wanted.authority) <= MOST_AUTHORITY:
        raise InvalidInputError(f"authority: name who asks for it, in at most {MOST_AUTHORITY} characters")
    if not 0 < len(wanted.why.strip()) <= len(wanted.why) <= MOST_WHY:
        raise InvalidInputError(f"why: say why, in at most {MOST_WHY} characters")


def _check_unknown(ctx: Context, line: Line) -> None:
    """
    Refuse what the citizen knows already.

    Raises:
        InvalidInputError: They asked about the line, or were told of it when it happened.
    """
    asked = ctx.session.scalars(select(Case.case_id).where(Case.leaf_hash == line.leaf_hash).limit(1)).first()
    if asked is not None:
        raise InvalidInputError("the person has asked about this line already")
    if line.emergency or line.facts.get("emergency"):
        raise InvalidInputError("the person is told of an emergency when it happens")


def _row(ctx: Context, wanted: Wanted, line: Line, subject: bytes) -> Delay:
    if ctx.actor.account_id is None:
        raise NotFoundError("nobody is signed in")
    delay_id = new_id()
    words = {"why": wanted.why.strip(), "answer": ""}
    row = Delay(
        delay_id=delay_id,
        leaf_hash=wanted.leaf_hash,
        entries=[wanted.leaf_hash.hex()],
        subject=subject,
        event=line.event,
        entry_at=line.at,
        uses=int(line.event == Event.RECORD_OPENED and line.grant_id is not None and "version" in line.facts),
        until=wanted.until,
        law=wanted.law,
        authority=wanted.authority.strip(),
        sealed_words=close_for_house(ctx, what=WORDS, row_id=delay_id, words=words),
        proposed_at=ctx.now,
        proposed_by=ctx.actor.account_id,
        grant_id=line.grant_id,
        purpose=line.purpose,
    )
    gather(ctx, row)
    return row
