"""The tables held against the log.

Every covered row must be in the very state that the log last gave it, and no other row may exist.

What is found is named: changed, rolled back, added (never logged), deleted, unmarked, or used more or less often than
the log counts.
"""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, Final
from uuid import UUID

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from audit.entry import Leaf
from audit.read import every_leaf
from vault.authentic import GONE, check_mac, digest_of, marks_of, reference_of, shape_of
from vault.crypto.mac import encode_tuple, mac
from vault.errors import RowForgedError
from vault.models import Authenticated, Base, Covered, Grant

COVERED: Final = frozenset(
    {
        "access_requests",
        "accounts",
        "authorities",
        "blind_indexes",
        "case_steps",
        "cases",
        "category_keys",
        "citizen_keys",
        "citizens",
        "emergencies",
        "finding_notes",
        "findings",
        "grants",
        "held_back",
        "house_keys",
        "identities",
        "import_runs",
        "marked_people",
        "notice_choices",
        "organisations",
        "passkeys",
        "purpose_versions",
        "purposes",
        "record_versions",
        "records",
        "recoveries",
        "recovery_codes",
        "references",
        "registry_changes",
        "seals",
        "service_addresses",
        "service_details",
        "service_purposes",
        "services",
        "staff_ties",
        "unmatched_items",
        "watch_states",
    }
)
"""Every state of these rows is in the log."""

MARKED: Final = frozenset(
    {
        "bindings",
        "challenges",
        "letter_codes",
        "links",
        "noted_looks",
        "notices",
        "sign_ins",
        "tie_marks",
        "tokens",
        "vault_facts",
        "visits",
        "watched_acts",
    }
)
"""These rows carry a mark and live for a short time (or say only which key store this is).

The log holds their events, not their states.
"""

EXEMPT: Final = frozenset({"spent_proofs", "alembic_version", "refusal_sums", "log_lines", "outgoing_mail"})
"""These rows can only make the vault refuse more, say which migration was run, count, are derived from the log, or
ask for a mail that holds no word about anybody."""

LOG: Final = frozenset(
    {
        "audit_outbox",
        "audit_entries",
        "audit_payloads",
        "audit_nodes",
        "audit_checkpoints",
        "audit_cosignatures",
        "audit_writers",
    }
)
"""The log itself; `audit.verify` proves these."""


@dataclass(frozen=True, slots=True)
class Defect:
    """One row that is not as the log says."""

    kind: str
    """``changed``, ``rolled-back``, ``added``, ``deleted``, ``unmarked`` or ``uses``."""
    table: str
    row: str
    """The row's primary key, or its reference in the log where the row is gone."""

    def __str__(self) -> str:
        return f"{self.table} {self.row}: {_WORDS[self.kind]}"


_WORDS: Final = {
    "changed": "is not in the state that the log gives it",
    "rolled-back": "was put back to an older state",
    "added": "is not in the log",
    "deleted": "is in the log and not in the table",
    "unmarked": "does not carry the vault's mark",
    "uses": "was used another number of times than the log counts",
}


@dataclass(slots=True)
class _Told:
    """What the log says: the states of each row, oldest first, and how often each grant was used."""

    states: dict[bytes, list[bytes]] = field(default_factory=dict)

    def take(self, leaf: Leaf) -> None:
        for reference, digest in leaf.touched:
            self.states.setdefault(bytes.fromhex(reference), []).append(bytes.fromhex(digest))


@dataclass(frozen=True, slots=True)
class Held:
    """The result: how many rows and entries were compared, and every defect."""

    rows: int
    entries: int
    defects: tuple[Defect, ...]


def use_reference(reference_key: bytes, grant_id: UUID) -> bytes:
    """The 16-byte reference under which each release counts one use of a grant."""
    return mac(reference_key, encode_tuple("use/1", grant_id))[:16]


def use_digest(grant_id: UUID, version: int) -> bytes:
    """The 32-byte digest that a release leaves for the grant's version it used."""
    return hashlib.sha256(encode_tuple("use/1", grant_id, version)).digest()


def hold(session: Session, *, progress: Callable[[int], None] | None = None) -> Held:
    """Compare every covered row with the log; *progress* is told the number of rows as they are done."""
    told = _Told()
    entries = 0
    for leaf in every_leaf(session):
        told.take(leaf)
        entries += 1
    defects: list[Defect] = []
    seen: set[bytes] = set()
    rows = 0
    for model in sorted(_covered_models(), key=lambda found: found.__tablename__):
        for values in _rows(session, model):
            reference = reference_of(marks_of(session), model, values)
            seen.add(reference)
            defects += _row_defects(session, told, model, values, reference)
            rows += 1
            if progress:
                progress(rows)
    defects += _deleted(told, seen, session)
    return Held(rows=rows, entries=entries, defects=tuple(defects))


def _covered_models() -> list[type[Base]]:
    models: list[type[Base]] = [mapper.class_ for mapper in Base.registry.mappers]
    return [model for model in models if issubclass(model, Covered)]


def _rows(session: Session, model: type[Base]) -> Iterator[dict[str, Any]]:
    names = list(inspect(model).column_attrs.keys())
    for row in session.execute(
        select(*(getattr(model, name).label(f"c_{name}") for name in names)).execution_options(yield_per=500)
    ):
        yield dict(zip(names, row, strict=True))


def _name(model: type[Base], values: dict[str, Any]) -> str:
    return " ".join(
        value.hex() if isinstance(value, bytes) else str(value)
        for value in (values[key] for key in shape_of(model).keys)
    )


def _row_defects(
    session: Session, told: _Told, model: type[Base], values: dict[str, Any], reference: bytes
) -> Iterator[Defect]:
    table, name = model.__tablename__, _name(model, values)
    if issubclass(model, Authenticated):
        try:
            check_mac(marks_of(session), model, values)
        except RowForgedError:
            yield Defect("unmarked", table, name)
    states = told.states.get(reference)
    digest = digest_of(model, values)
    if states is None or states[-1] == GONE:
        yield Defect("added", table, name)
    elif states[-1] != digest:
        yield Defect("rolled-back" if digest in states else "changed", table, name)
    if model is Grant:
        yield from _uses(session, told, values, name)


def _uses(session: Session, told: _Told, values: dict[str, Any], name: str) -> Iterator[Defect]:
    counted = told.states.get(use_reference(marks_of(session).reference_key, values["grant_id"]), [])
    if len(counted) != values["uses"]:
        yield Defect("uses", Grant.__tablename__, name)


def _deleted(told: _Told, seen: set[bytes], session: Session) -> Iterator[Defect]:
    key = marks_of(session).reference_key
    uses = {use_reference(key, grant_id) for grant_id in session.scalars(select(Grant.__table__.c.grant_id))}
    for reference, states in told.states.items():
        if states[-1] != GONE and reference not in seen and reference not in uses:
            yield Defect("deleted", "a covered table", f"reference {reference.hex()}")
