"""The tables held against the log.

Every covered row must be in the very state that the log last gave it, and no other row may exist.

What is found is named: changed, rolled back, added (never logged), deleted, unmarked, or used more or less often than
the log counts.
"""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from itertools import repeat
from typing import Any, Final
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from audit.processes import Crew
from audit.read import every_leaf, rows_named, waiting_leaves
from vault.authentic import GONE, check_mac, digest_of, marks_of, reference_of, shape_of
from vault.comparing import STATE, States, parts_of, rows_of, states_seen, use_reference
from vault.crypto.mac import encode_tuple
from vault.errors import RowForgedError
from vault.models import Authenticated, Base, Covered, Grant
from vault.pieces import stray_pieces
from vault.told import REFERENCE as _REFERENCE
from vault.told import Told

Progress = Callable[[int, int], None]

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
        "delays",
        "documents",
        "emergencies",
        "finding_notes",
        "findings",
        "grants",
        "held_back",
        "house_keys",
        "identities",
        "import_runs",
        "issuer_keys",
        "listed_services",
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
        "saved_searches",
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
        "deliveries",
        "delivery_tokens",
        "kept_answers",
        "letter_codes",
        "letter_orders",
        "links",
        "noted_looks",
        "notices",
        "pings",
        "sign_ins",
        "tie_marks",
        "tokens",
        "vault_facts",
        "visits",
        "watched_acts",
        "webhook_deliveries",
    }
)
"""These rows carry a mark and live for a short time (or say only which key store this is).

The log holds their events, not their states.
"""

EXEMPT: Final = frozenset({"spent_proofs", "alembic_version", "refusal_sums", "log_lines", "outgoing_mail", "uploads"})
"""These rows can only make the vault refuse more, say which migration was run, count, are derived from the log, ask for
a mail that holds no word about anybody, or have what no document needs taken away."""

PIECES: Final = frozenset({"document_pieces"})
"""These rows are held against the digest that a covered row has of all of them together (`vault.documents`)."""

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


def no_progress(_done: int, _total: int) -> None:
    """Report to nobody."""


@dataclass(frozen=True, slots=True)
class Held:
    """The result: how many rows and entries were compared, and every defect."""

    rows: int
    entries: int
    defects: tuple[Defect, ...]


def use_digest(grant_id: UUID, version: int) -> bytes:
    """The 32-byte digest that a release leaves for the grant's version it used."""
    return hashlib.sha256(encode_tuple("use/1", grant_id, version)).digest()


def hold(
    session: Session, *, told: Told | None = None, crew: Crew | None = None, progress: Progress = no_progress
) -> Held:
    """
    Compare every covered row with the log.

    Args:
        session: Sees one moment throughout (`Database.snapshot`).
        told: What the entries that have their place say, where that was read already, in the same moment.
        crew: Processes that see the same moment (`vault.together`) and compute what each row comes to.
        progress: Told how many rows of how many are done, once a part.

    Raises:
        WorkerFailedError: A process of the crew died, or could not do its part.
    """
    if told is None:
        told = Told.by(every_leaf(session))
    else:
        told.take_all(waiting_leaves(session))
    models = sorted(_covered_models(), key=lambda found: found.__tablename__)
    total = count_rows(session)
    found = _Rows(session, told)
    parts = [part for model in models for part in parts_of(session, model)]
    states = crew.in_order(states_seen, parts) if crew else repeat(None)
    for part, known in zip(parts, states, strict=False):
        if not found.take_states(known):
            for values in rows_of(session, part):
                found.take(part.model, values)
        progress(found.rows, total)
    found.finish()
    found.defects += [Defect(each.kind, each.table, each.row) for each in stray_pieces(session)]
    return Held(rows=found.rows, entries=told.leaves, defects=tuple(found.defects))


@dataclass(slots=True)
class _Rows:
    """The rows as they are read, and what is wrong with them."""

    session: Session
    told: Told
    rows: int = 0
    defects: list[Defect] = field(default_factory=list)
    _seen: set[bytes] = field(default_factory=set)
    _other: dict[tuple[bytes, bytes], Defect] = field(default_factory=dict)
    """Rows in another state than the newest, by reference and the state that they are in."""

    def take_states(self, states: States | None) -> bool:
        """Take the rows of a part by their *states*; nothing is taken where one of them is not as the log says."""
        if states is None:
            return False
        named, newest = states.named, self.told.newest
        references = [named[at : at + _REFERENCE] for at in range(0, len(named), STATE)]
        digests = [named[at + _REFERENCE : at + STATE] for at in range(0, len(named), STATE)]
        if list(map(newest.get, references)) != digests:
            return False
        if any(self.told.times(reference) != uses for reference, uses in states.uses):
            return False
        self._seen.update(references)
        self.rows += len(references)
        return True

    def take(self, model: type[Base], values: dict[str, Any]) -> None:
        """Compare one row."""
        reference = reference_of(marks_of(self.session), model, values)
        self._seen.add(reference)
        self.rows += 1
        table, name = model.__tablename__, _name(model, values)
        if issubclass(model, Authenticated):
            try:
                check_mac(marks_of(self.session), model, values)
            except RowForgedError:
                self.defects.append(Defect("unmarked", table, name))
        newest, digest = self.told.newest.get(reference, GONE), digest_of(model, values)
        if newest == GONE:
            self.defects.append(Defect("added", table, name))
        elif newest != digest:
            self._other[reference, digest] = Defect("changed", table, name)
        if model is Grant and self._uses_of(values["grant_id"]) != values["uses"]:
            self.defects.append(Defect("uses", table, name))

    def _uses_of(self, grant_id: UUID) -> int:
        return self.told.times(use_reference(marks_of(self.session).reference_key, grant_id))

    def finish(self) -> None:
        """Tell rows that were put back from those that were changed, and name what is gone."""
        before = {pair for pair in rows_named(self.session) if pair in self._other} if self._other else set()
        self.defects += [
            replace(defect, kind="rolled-back") if pair in before else defect for pair, defect in self._other.items()
        ]
        key = marks_of(self.session).reference_key
        uses = {use_reference(key, grant_id) for grant_id in self.session.scalars(select(Grant.__table__.c.grant_id))}
        self.defects += [
            Defect("deleted", "a covered table", f"reference {reference.hex()}")
            for reference, newest in self.told.newest.items()
            if newest != GONE and reference not in self._seen and reference not in uses
        ]


def count_rows(session: Session) -> int:
    """How many rows are covered."""
    return sum(session.scalar(select(func.count()).select_from(model)) or 0 for model in _covered_models())


def _covered_models() -> list[type[Base]]:
    models: list[type[Base]] = [mapper.class_ for mapper in Base.registry.mappers]
    return [model for model in models if issubclass(model, Covered)]


def _name(model: type[Base], values: dict[str, Any]) -> str:
    return " ".join(
        value.hex() if isinstance(value, bytes) else str(value)
        for value in (values[key] for key in shape_of(model).keys)
    )
