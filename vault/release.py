"""What leaves through the door: a release that opens only after its log entry is kept, or a refusal that says why."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

import orjson

from vault.catalogue import CATALOGUE
from vault.crypto.seal import unseal
from vault.documents import DocumentLink
from vault.documents.kinds import FIELD
from vault.errors import KeyDestroyedError
from vault.facts import Item
from vault.keyring import Keyring, WrappedKey
from vault.kinds import KeyState, RecordStatus
from vault.others import own_part
from vault.records import place_of

StateKind = Literal["value", "none-known", "not-recorded", "not-shared"]
NONE_KNOWN = {"allergy": "allergy.none_known"}
"""Categories in which a writer can say that there is nothing, and the field that says so."""

NOT_WHOLE = "items marked sensitive are not included: ask the person"
"""Said with every state of a release that may not be whole, left out or not: it hints at nothing."""

MASK = "hidden"
"""What stands in place of a value that is revealed one at a time."""


@dataclass(frozen=True, slots=True)
class FieldState:
    """What a reader must know of a field that is dangerous to miss: exactly one of four, never an empty row."""

    kind: StateKind
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordView:
    """One item in the clear, cut to the fields that may be seen, with where it came from."""

    record_id: UUID
    category: str
    fields: Mapping[str, Any] = field(repr=False)
    as_of: str | None
    received_at: datetime
    organisation_name: str
    source_system: str
    status: RecordStatus
    sensitivity: int
    version: int
    third_party: bool
    document: DocumentLink | None = None
    """The document that it has, where that may be seen; what it says is opened by the door alone."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A release in the clear."""

    records: tuple[RecordView, ...]
    states: Mapping[str, FieldState]


@dataclass(frozen=True, slots=True)
class ProofAsked:
    """How fresh (seconds) and how strong the sign-in behind a grant must be (RFC 9470, section 3)."""

    max_age: int | None
    acr: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """A no, already in the log: a stable code, the rules that said so, and words for both sides."""

    code: str
    because: tuple[str, ...]
    words: str
    officer_words: str
    missing: tuple[str, ...]
    leaf_hash: bytes
    proof: ProofAsked | None = None
    """What the citizen is to prove first, where nothing else stands in the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Release:
    """
    A yes. It was logged and committed before this value was made; only then does `unseal` have anything to open.

    Attributes:
        fields: What may be seen.
        missing: What was asked for and may not be seen.
        leaf_hash: The log entry's 32-byte leaf hash.
        time_us: The entry's time, microseconds since 1970.
        items: The sealed records; opened by `unseal` alone.
    """

    fields: frozenset[str]
    asked: frozenset[str]
    missing: tuple[str, ...]
    leaf_hash: bytes
    time_us: int
    items: tuple[Item, ...] = field(repr=False)
    keyring: Keyring = field(repr=False)
    partial: bool = False
    """Whether this grant does not reach items marked sensitive, so that lists may not be whole."""
    reveal: bool = False
    """Whether values that are shown one at a time are shown here."""
    without_others: bool = False
    """Whether what is about other people is cut out (`vault.others`): for the citizen, and for who looks for them."""
    on_broken: Callable[[UUID], None] = field(repr=False)
    service_id: UUID | None = None
    """The service it was released to, for which ids are pairwise; empty for the citizen's own look."""

    def unseal(self) -> Opened:
        """
        Open the seals and cut each item to the fields that may be seen.

        Raises:
            SealBrokenError: A seal does not open; that is logged, and nothing is released.
            KeyDestroyedError: The citizen's keys were destroyed.
        """
        bodies = [(item, self._open(item)) for item in self.items]
        views = [view for item, body in bodies if (view := self._view(item, body)).fields]
        return Opened(records=tuple(views), states=self._states([body for _, body in bodies]))

    def _open(self, item: Item) -> dict[str, Any]:
        record = item.record
        if item.citizen_key["state"] is not KeyState.ACTIVE:
            raise KeyDestroyedError(f"the record key of citizen `{record['citizen_id']}` was destroyed")
        try:
            parent = _citizen_key(self.keyring, item)
            key = self.keyring.open_category_key(
                parent,
                record["citizen_id"],
                record["category"],
                item.epoch,
                WrappedKey(item.category_key["wrapped"], item.category_key["fingerprint"]),
            )
            place = place_of(
                self.keyring.tenant,
                record["citizen_id"],
                record["category"],
                record["record_id"],
                record["version"],
                item.epoch,
            )
            opened: dict[str, Any] = orjson.loads(unseal(key, item.sealed, place=place))
        except Exception:
            self.on_broken(record["record_id"])
            raise
        return opened

    def _view(self, item: Item, body: Mapping[str, Any]) -> RecordView:
        record = item.record
        return RecordView(
            record_id=record["record_id"],
            category=record["category"],
            fields=dict(self._fields(record["source_system"], body["fields"])),
            as_of=body.get("as_of"),
            received_at=record["received_at"],
            organisation_name=item.organisation_name,
            source_system=record["source_system"],
            status=record["status"],
            sensitivity=record["sensitivity"],
            version=record["version"],
            third_party=bool(body.get("third_party")),
            document=DocumentLink.of(body.get("document")) if FIELD in self.fields else None,
        )

    def _fields(self, source_system: str, held: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name, value in held.items():
            if name not in self.fields:
                continue
            shown = own_part(name, value, source_system=source_system) if self.without_others else value
            if shown is not None or value is None:
                yield name, self._shown(name, shown)

    def _shown(self, name: str, value: Any) -> Any:  # noqa: ANN401 -- any JSON value
        return MASK if CATALOGUE.field(name).needs_reveal and not self.reveal else value

    def _states(self, bodies: Iterable[Mapping[str, Any]]) -> dict[str, FieldState]:
        held = [body["fields"] for body in bodies]
        return {name: self._state(name, held) for name in sorted(self.asked) if CATALOGUE.field(name).is_danger}

    def _state(self, name: str, held: list[Mapping[str, Any]]) -> FieldState:
        if name not in self.fields:
            return FieldState("not-shared", "ask the person")
        caution = NOT_WHOLE if self.partial else ""
        if any(fields.get(name) not in (None, "", []) for fields in held):
            return FieldState("value", caution)
        none_known = NONE_KNOWN.get(name.partition(".")[0])
        said = [fields[none_known] for fields in held if none_known and none_known in fields]
        if not said:
            return FieldState("not-recorded", caution)
        words = _plain(said[0]) if none_known in self.fields else ""
        return FieldState("none-known", "; ".join(part for part in (words, caution) if part))


def _plain(value: Any) -> str:  # noqa: ANN401 -- any JSON value
    return value if isinstance(value, str) else orjson.dumps(value).decode()


def _citizen_key(keyring: Keyring, item: Item) -> bytes:
    row = item.citizen_key
    return keyring.open_citizen_key(
        row["citizen_id"], row["kind"], row["generation"], WrappedKey(row["wrapped"], row["fingerprint"])
    )
