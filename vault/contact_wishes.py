"""How not to contact a resident, in their own word: kept as an item of their record, obeyed from that moment.

What they say may be the most dangerous line of their record. So the log tells that they wrote about themselves, and
neither the field nor a way of contact; no page opens it save one at a time; and no delegate sees it. Whether a way is
safe is asked of the door alone (`vault.access.contact_is_safe`), before every letter and mail.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from policies.model import Action
from vault import records
from vault.catalogue import CATALOGUE, Sensitivity, Writer
from vault.context import Context
from vault.errors import InvalidInputError, WrongStateError
from vault.journal import note
from vault.judging import check_proven, demand
from vault.kinds import RecordStatus
from vault.models import Organisation, Record
from vault.others import OWN_WORDS
from vault.records import NewItem, Source, source_key_of
from vault.trail.scope import COUNCIL

FIELD: Final = "contact.not_safe"
WAYS: Final = ("letter", "email", "phone", "text")
"""The ways of contact that can be closed, as `vault.access.ContactBy` names them."""
SYSTEM: Final = OWN_WORDS
MOST_CHARACTERS: Final = 500

_CATEGORY: Final = "contact"


@dataclass(frozen=True, slots=True)
class Standing:
    """That a resident said something here, which item of their record it is, and since when it is so."""

    record_id: UUID
    since: datetime


def standing(ctx: Context, *, citizen_id: UUID) -> Standing | None:
    """What a resident said here and did not take back; nothing of it is opened."""
    row = _row(ctx, citizen_id)
    if row is None or row.status is not RecordStatus.CURRENT:
        return None
    return Standing(row.record_id, row.received_at)


def close_ways(ctx: Context, *, citizen_id: UUID, ways: frozenset[str], words: str = "") -> None:
    """
    Use none of *ways* to contact a resident from now on; it takes the place of what they said here before.

    Args:
        ctx: Its actor is the resident.
        citizen_id: Whose record.
        ways: At least one of `WAYS`.
        words: What staff should know beside that, at most `MOST_CHARACTERS`.

    Raises:
        InvalidInputError: No way, an unknown one, or too many words.
        NotAllowedError: The rules do not let this actor write it.
        ProofNeededError: It would change what stands, and they could prove again who they are.
    """
    if not ways or not ways <= frozenset(WAYS):
        raise InvalidInputError("name at least one way of contact that is not safe")
    if len(words) > MOST_CHARACTERS:
        raise InvalidInputError(f"use at most {MOST_CHARACTERS} characters")
    if standing(ctx, citizen_id=citizen_id) is not None:
        check_proven(ctx)
    said = {"channels": [each for each in WAYS if each in ways], **({"words": words} if words else {})}
    _write(ctx, citizen_id, said, RecordStatus.CURRENT)


def take_back(ctx: Context, *, citizen_id: UUID) -> None:
    """
    Let every way be used again, as far as nobody else wrote otherwise into the record.

    Raises:
        WrongStateError: They said nothing here, or took it back already.
        NotAllowedError: The rules do not let this actor write it.
        ProofNeededError: They could prove again who they are, and did not just now.
    """
    check_proven(ctx)
    if standing(ctx, citizen_id=citizen_id) is None:
        raise WrongStateError("there is nothing to take back")
    _write(ctx, citizen_id, {"channels": []}, RecordStatus.HISTORY)


def _write(ctx: Context, citizen_id: UUID, said: Mapping[str, Any], status: RecordStatus) -> None:
    own = Writer.CITIZEN in CATALOGUE.field(FIELD).writers
    demand(ctx, action=Action.WRITE, citizen_id=citizen_id, fields=frozenset({FIELD}), own_words=own)
    item = NewItem(
        category=_CATEGORY,
        fields={FIELD: said},
        source=_source(ctx, citizen_id),
        purpose=SYSTEM,
        sensitivity=int(Sensitivity.DANGER),
        status=status,
    )
    outcome, record_id = records.keep(ctx, citizen_id=citizen_id, item=item)
    if outcome != "same":
        facts = {"record": str(record_id), "category": _CATEGORY, "own": True}
        note(ctx, Event.RECORD_WRITTEN, citizen_id=citizen_id, facts=facts)


def _source(ctx: Context, citizen_id: UUID) -> Source:
    """The one item of a resident that holds this, kept by the council, whose record it is."""
    query = select(Organisation.organisation_id).where(Organisation.kind == COUNCIL).order_by(Organisation.slug)
    council = ctx.session.scalars(query.limit(1)).one_or_none()
    if council is None:
        raise WrongStateError("no organisation here is the council that keeps this record")
    return Source(organisation_id=council, system=SYSTEM, type=FIELD, id=str(citizen_id))


def _row(ctx: Context, citizen_id: UUID) -> Record | None:
    key = source_key_of(ctx, _source(ctx, citizen_id))
    query = select(Record).where(Record.citizen_id == citizen_id, Record.source_key == key)
    return ctx.session.scalars(query).one_or_none()
