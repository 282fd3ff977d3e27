"""From entries of the log to acts: who, whom, when and what kind, and nothing else of what an entry says."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select, tuple_

from audit.entry import Leaf, decode
from audit.errors import LeafInvalidError
from audit.models import ENTRIES
from vault.clock import from_microseconds, microseconds, month_of
from vault.context import Context
from vault.models import Case, Grant, WatchedAct
from vault.trail.lines import (
    Known,
    acting_organisation,
    acting_reference,
    as_id,
    by_of,
    open_for_auditor,
    payloads_of,
    service_in,
)
from vault.watching.acts import KIND_OF, READ, WORK, Act, local
from vault.watching.marks import matter_mark, officer_mark, person_mark, team_mark
from vault.watching.ties import Ties

BATCH: Final = 1000
"""Entries that are read at once; those of one day, so that habits are those of the days before."""
_SEARCHED_PERSON: Final = "audit:searched"


@dataclass(frozen=True, slots=True)
class Batch:
    """Some entries: where they end, when the last one was written, and the acts among them."""

    log: int
    at: int
    time: int
    passed: int
    acts: tuple[Act, ...]


@dataclass(frozen=True, slots=True)
class _Opened:
    row: Any
    leaf: Leaf
    facts: Mapping[str, Any]


def next_batch(ctx: Context, ties: Ties, *, log: int, at: int, intake: timedelta) -> Batch | None:
    """The entries that follow the one at *log* and *at*; None where there are none.

    An entry whose bytes are no leaf, or whose details do not open, is passed over: `audit verify` names it.
    """
    columns = (ENTRIES.c.log, ENTRIES.c.index.label("at"), ENTRIES.c.leaf_hash, ENTRIES.c.leaf)
    query = select(*columns).where(tuple_(ENTRIES.c.log, ENTRIES.c.index) > tuple_(log, at))
    rows = ctx.session.execute(query.order_by(ENTRIES.c.log, ENTRIES.c.index).limit(BATCH)).all()
    if not rows:
        return None
    told = _of_one_day(rows)
    last, leaf = told[-1]
    acts = _acts(ctx, ties, [(row, leaf) for row, leaf in told if leaf and str(leaf.event) in KIND_OF], intake)
    return Batch(last.log, last.at, leaf.time if leaf else 0, len(told), acts)


def _leaf(encoded: bytes) -> Leaf | None:
    try:
        return decode(encoded)
    except LeafInvalidError:
        return None


def _of_one_day(rows: Iterable[Any]) -> list[tuple[Any, Leaf | None]]:
    """The first of *rows*, up to the first that is of another day than they are; no more are looked into."""
    told: list[tuple[Any, Leaf | None]] = []
    first = None
    for row in rows:
        leaf = _leaf(row.leaf)
        day = local(leaf.time)[0] if leaf else None
        if first is not None and day not in {None, first}:
            break
        first = first or day
        told.append((row, leaf))
    return told


def _acts(ctx: Context, ties: Ties, told: Sequence[tuple[Any, Leaf]], intake: timedelta) -> tuple[Act, ...]:
    payloads, known = payloads_of(ctx, [leaf for _row, leaf in told]), Known(ctx)
    opened = [
        _Opened(row, leaf, facts)
        for row, leaf in told
        if (facts := open_for_auditor(known, payloads.get(leaf.commitment or ""))) and acting_reference(facts)
    ]
    grants, cases = _grants(ctx, opened), _cases(ctx, opened)
    acts = []
    for each in opened:
        citizen_id, made_us = grants.get(as_id(each.facts.get("grant")), (None, 0))
        citizen_id = citizen_id or cases.get(as_id(each.facts.get("case")))
        act = _act(ctx, known, each)
        if act is not None:
            fresh = bool(made_us) and act.time - made_us < intake // timedelta(microseconds=1)
            acts.append(_placed(ctx, ties, each, replace(act, fresh=fresh), citizen_id))
    return tuple(_with_people(ctx, acts))


def _grants(ctx: Context, opened: Iterable[_Opened]) -> dict[UUID | None, tuple[UUID, int]]:
    wanted = {found for each in opened if (found := as_id(each.facts.get("grant")))}
    table = Grant.__table__.c
    query = select(table.grant_id, table.citizen_id, table.made_at).where(table.grant_id.in_(sorted(wanted)))
    return {row.grant_id: (row.citizen_id, microseconds(row.made_at)) for row in ctx.session.execute(query)}


def _cases(ctx: Context, opened: Iterable[_Opened]) -> dict[UUID | None, UUID]:
    wanted = {found for each in opened if (found := as_id(each.facts.get("case")))}
    table = Case.__table__.c
    query = select(table.case_id, table.citizen_id).where(table.case_id.in_(sorted(wanted)))
    return {row.case_id: row.citizen_id for row in ctx.session.execute(query)}


def _act(ctx: Context, known: Known, each: _Opened) -> Act | None:
    """The act without whom it was about; None for what a watcher has no use for."""
    by, service_id = by_of(each.facts), service_in(each.facts)
    kind = KIND_OF[str(each.leaf.event)]
    staff = by.get("kind") in {"officer", "auditor", "administrator"}
    if kind == WORK and by.get("kind") != "officer" and not (each.facts.get("acting") or {}).get("reference"):
        return None
    purpose, emergency = known.purpose(each.leaf.purpose), each.facts.get("emergency")
    organisation_id = acting_organisation(known, each.facts)
    return Act(
        log=each.row.log,
        at=each.row.at,
        time=each.leaf.time,
        kind=kind,
        leaf_hash=each.row.leaf_hash,
        officer=officer_mark(
            ctx.keyring,
            account=str(by.get("account", "")) if staff else "",
            service_id=service_id,
            reference=acting_reference(each.facts),
        ),
        team=_team(ctx, each.facts, as_id(by.get("service")) or organisation_id),
        service_id=as_id(by.get("service")),
        organisation_id=organisation_id,
        subject=bytes.fromhex(each.leaf.subject) if each.leaf.subject else None,
        matter=matter_mark(ctx.keyring, str(emergency)) if emergency else None,
        emergency=bool(purpose and purpose.definition.get("emergency")),
    )


def _team(ctx: Context, facts: Mapping[str, Any], place: UUID | None) -> bytes:
    team = str((facts.get("acting") or {}).get("team", "")) or str(by_of(facts).get("kind", ""))
    return team_mark(ctx.keyring, place=place, team=team)


def _placed(ctx: Context, ties: Ties, each: _Opened, act: Act, citizen_id: UUID | None) -> Act:
    """*act* with whom it was about, and how near the officer is to them."""
    if act.subject and citizen_id is None:
        citizen_id = ties.special(act.subject, month_of(from_microseconds(act.time)))
    person = person_mark(ctx.keyring, citizen_id) if citizen_id else None
    account_id = as_id(by_of(each.facts).get("account"))
    looks = act.kind != READ or str(each.leaf.event) == _SEARCHED_PERSON
    near = ties.between(account_id, citizen_id) if citizen_id and looks else ""
    return replace(act, person=person, ties=near)


def _with_people(ctx: Context, acts: Sequence[Act]) -> list[Act]:
    """*acts*, where one names the person whom another knows by this month's pseudonym alone."""
    people: dict[bytes, bytes | None] = {act.subject: act.person for act in acts if act.subject and act.person}
    unknown = sorted({act.subject for act in acts if act.subject and not act.person} - set(people))
    rows = ctx.session.execute(
        select(WatchedAct.subject, WatchedAct.person)
        .where(WatchedAct.subject.in_(unknown), WatchedAct.person.is_not(None))
        .distinct()
    )
    people |= {row.subject: row.person for row in rows}
    return [act if act.person else replace(act, person=people.get(act.subject or b"")) for act in acts]
