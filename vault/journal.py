"""Putting what happened into the log, in the same transaction as the change itself.

`note` is called once by every service function that changes something; it takes the rows the session touched with it,
so that the log names the new
state of each. The door (`vault.access`) calls `queue` directly, with keys it has read already.
"""

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from audit.events import Event
from audit.log import Finished, Writer, announce, append, finish
from audit.payload import close
from vault.authentic import touched
from vault.clock import microseconds, month_of
from vault.context import Actor, Context, Vault
from vault.db import Outcome
from vault.errors import CommitUncertainError
from vault.judged import take_waiting
from vault.keychain import audit_key, house_key, month_key

MOST_TOUCHED = 400
"""Pairs in one leaf.

400 of about 105 bytes stay well below the 65,535 bytes that an entry may have (C2SP tlog-tiles).
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """The keys that close one entry, 32 bytes each.

    The subject's (or the house's), and the month's accountability key.
    """

    subject: bytes
    month: bytes
    pseudonym: bytes | None
    """16 bytes; empty for an event without a citizen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """What happened, as the log will hold it.

    *facts* may be read by auditors; *personal* names the citizen and is closed to them.
    """

    event: Event
    purpose: str | None = None
    policy_set: str | None = None
    facts: Mapping[str, Any]
    personal: Mapping[str, Any] | None = None


def note(
    ctx: Context,
    event: Event,
    *,
    citizen_id: UUID | None = None,
    keys: Keys | None = None,
    purpose: str | None = None,
    policy_set: str | None = None,
    facts: Mapping[str, Any] | None = None,
    personal: Mapping[str, Any] | None = None,
) -> bytes:
    """
    Queue a log entry for what this transaction did, with every row it touched; return the entry's 32-byte leaf hash.

    What the rules were asked in this transaction (`vault.judging.demand`) is kept with it. It closes under the keys of
    *citizen_id*, or the house's, unless *keys* says otherwise (a stranger's). A change of more than `MOST_TOUCHED` rows
    takes several entries, of which the first is returned.
    """
    ctx.session.flush()
    keys = keys or keys_for(ctx, citizen_id=citizen_id)
    ctx.session.flush()
    judged, asked = take_waiting(ctx.session)
    facts = {"judged": judged, **(facts or {})} if judged else facts or {}
    facts, personal = _without_account(facts, personal or {}) if citizen_id else (facts, personal)
    happening = Happening(
        event=event, purpose=purpose, policy_set=policy_set or asked, facts=facts, personal=personal or None
    )
    pending = touched(ctx.session)
    pairs = list(pending.items())
    pending.clear()
    first = queue(
        ctx.session, ctx.vault, now=ctx.now, actor=ctx.actor, keys=keys, happening=happening, pairs=pairs[:MOST_TOUCHED]
    )
    rest = iter(pairs[MOST_TOUCHED:])
    more = Happening(event=event, purpose=purpose, facts={"continues": first.hex()})
    while part := list(islice(rest, MOST_TOUCHED)):
        queue(ctx.session, ctx.vault, now=ctx.now, actor=ctx.actor, keys=keys, happening=more, pairs=part)
    return first


def _without_account(
    facts: Mapping[str, Any], personal: Mapping[str, Any]
) -> tuple[Mapping[str, Any], Mapping[str, Any]]:
    """Both, with a citizen's account among what is closed to auditors: it would outlive the month's pseudonym."""
    named = {"account": facts["account"]} if "account" in facts else {}
    return {name: held for name, held in facts.items() if name not in named}, {**personal, **named}


def keys_for(ctx: Context, *, citizen_id: UUID | None) -> Keys:
    """The keys of an entry about *citizen_id*, or of the house where there is none."""
    month = month_key(ctx)
    if citizen_id is None:
        return Keys(subject=house_key(ctx), month=month, pseudonym=None)
    subject = audit_key(ctx, citizen_id=citizen_id)
    return Keys(subject=subject, month=month, pseudonym=ctx.keyring.pseudonym(subject, month_of(ctx.now)))


def queue(
    session: Session,
    vault: Vault,
    *,
    now: datetime,
    actor: Actor,
    keys: Keys,
    happening: Happening,
    pairs: list[tuple[bytes, bytes]],
) -> bytes:
    """
    Put one finished entry into the outbox within *session*'s transaction; return its 32-byte leaf hash.

    Rows that no entry names yet go with it: the month's key, where this is the first entry of a month.
    """
    pending = touched(session)
    pairs = [*pairs, *pending.items()]
    pending.clear()
    writer = writer_of(session, vault)
    announce(session, writer, time_us=microseconds(now))
    return append(
        session, writer, entry(vault, writer, now=now, actor=actor, keys=keys, happening=happening, pairs=pairs)
    )


def entry(
    vault: Vault,
    writer: Writer,
    *,
    now: datetime,
    actor: Actor,
    keys: Keys,
    happening: Happening,
    pairs: Iterable[tuple[bytes, bytes]],
) -> Finished:
    """The next leaf of *writer*, its payload closed; the rows in *pairs* (reference, digest) are named in it."""
    month = month_of(now)
    payload = close(
        {**happening.facts, "by": by(actor)},
        happening.personal,
        subject_key=keys.subject,
        month_key=keys.month,
        month=month,
    )
    return finish(
        writer,
        event=happening.event,
        time_us=microseconds(now),
        actor=actor_name(vault, actor, month),
        purpose=happening.purpose,
        policy_set=happening.policy_set,
        subject=keys.pseudonym,
        payload=payload,
        touched=[(reference.hex(), digest.hex()) for reference, digest in pairs],
    )


@contextmanager
def announced_writer(vault: Vault) -> Iterator[Writer]:
    """
    A writer that has announced itself, for one short write through the driver (`vault.db.Database.at_once`).

    It is told what became of the write: kept when the block ends, uncertain after `CommitUncertainError`, else nothing.
    """
    writer = _announced(vault)
    outcome: Outcome = "rolled_back"
    try:
        yield writer
        outcome = "kept"
    except CommitUncertainError:
        outcome = "uncertain"
        raise
    finally:
        vault.writers.release(writer, outcome)


def _announced(vault: Vault) -> Writer:
    while not (writer := vault.writers.acquire()).kept_number:
        vault.writers.release(writer, "rolled_back")
        with vault.db.transaction() as session:
            announce(session, writer_of(session, vault), time_us=microseconds(vault.clock()))
    return writer


def by(actor: Actor) -> dict[str, str]:
    """Who acted, by ids, for the sealed payload; a citizen's own ids are left out (the pseudonym says it)."""
    account = None if actor.kind == "citizen" else actor.account_id
    ids = {"account": account, "service": actor.service_id, "organisation": actor.organisation_id}
    return {"kind": actor.kind, **{name: str(found) for name, found in ids.items() if found}}


def actor_name(vault: Vault, actor: Actor, month: str) -> str:
    """The actor in the leaf: a service by its id, staff by a pseudonym of the month, anyone else by kind."""
    if actor.kind == "service":
        return f"service:{actor.service_id}"
    if actor.account_id is None or actor.kind == "citizen":
        return actor.kind
    return f"{actor.kind}:{staff_pseudonym(vault, actor.account_id, month)}"


def staff_pseudonym(vault: Vault, account_id: UUID, month: str) -> str:
    """The 16 hex digits by which one month's leaves know a member of staff."""
    return (
        hmac.new(vault.keyring.reference_key(), b"staff\0" + month.encode() + account_id.bytes, hashlib.sha256)
        .digest()[:8]
        .hex()
    )


def writer_of(session: Session, vault: Vault) -> Writer:
    """The writer of this transaction.

    Taken from the pool at its first entry and given back when the transaction ends.
    """
    held = session.info.get("writer")
    if isinstance(held, Writer):
        return held
    writer = vault.writers.acquire()
    session.info["writer"] = writer

    def give_back(outcome: Outcome) -> None:
        vault.writers.release(writer, outcome)

    session.info["on_end"].append(give_back)
    return writer
