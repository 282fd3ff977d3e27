"""How near a member of staff is to a citizen: their own record, a colleague's, a neighbour's, a name they share.

Staff tell their employer surnames, postcodes and whether they have a record here; that is sealed under the house key.
A citizen's surnames and postcodes are read through the door once, and kept as marks bound to that citizen: nobody
compares two citizens by them, and the vault can only answer whether a given name is among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from sqlalchemy import select

from audit.events import Event
from vault import accounts, citizens
from vault.access.tying import POSTCODE, SURNAME, marks_of_ties, postcode, surnames
from vault.confidential import close_for_house, open_for_house
from vault.context import SYSTEM, Context, Vault
from vault.errors import InvalidInputError, KeyDestroyedError, NotAllowedError, NotFoundError, VaultError
from vault.journal import note
from vault.keychain import audit_key
from vault.kinds import Role
from vault.models import MarkedPerson, StaffTie, TieMark
from vault.watching.marks import tie_mark

OWN: Final = "own"
COLLEAGUE: Final = "colleague"
NEIGHBOUR: Final = "neighbour"
SAME_SURNAME: Final = "surname"
WELL_KNOWN: Final = "well-known"
MOST_REASON: Final = 500
_TIES: Final = "staff-ties"
_REASON: Final = "marked-person"


@dataclass(frozen=True, slots=True)
class Told:
    """What a member of staff is near to, as they told their employer."""

    surnames: tuple[str, ...] = field(default=(), repr=False)
    postcodes: tuple[str, ...] = field(default=(), repr=False)
    citizen_id: UUID | None = None
    """Their own record here."""


def note_staff(
    ctx: Context, *, account_id: UUID, names: Sequence[str], postcodes: Sequence[str], citizen_id: UUID | None
) -> None:
    """
    Note what a member of staff is near to; what was noted before is replaced, and nothing at all is forgetting it.

    Raises:
        NotFoundError: There is no such account, or no such citizen.
        InvalidInputError: The account is a resident's, or a postcode is none.
    """
    if accounts.find(ctx, account_id=account_id).role in {Role.CITIZEN, Role.DELEGATE}:
        raise InvalidInputError("ties are noted of staff alone")
    if citizen_id is not None:
        citizens.find(ctx, citizen_id=citizen_id)
    found = [postcode(each) for each in postcodes]
    if None in found:
        raise InvalidInputError("a postcode is written like LL55 1AA")
    words = {
        "surnames": sorted({spelling for each in names for spelling in surnames(each)}),
        "postcodes": sorted({each for each in found if each}),
        "citizen": str(citizen_id) if citizen_id else None,
    }
    row = ctx.session.get(StaffTie, account_id)
    sealed = close_for_house(ctx, what=_TIES, row_id=account_id, words=words)
    if row is None:
        ctx.session.add(StaffTie(account_id=account_id, sealed_ties=sealed, noted_at=ctx.now))
    else:
        row.sealed_ties, row.noted_at, row.version = sealed, ctx.now, row.version + 1
    note(ctx, Event.TIES_NOTED, facts={"staff": str(account_id)})


def mark_person(ctx: Context, *, citizen_id: UUID, reason: str, marked: bool = True) -> None:
    """
    Mark a citizen at whom the curious look, or no longer. The log does not say whom.

    Raises:
        NotFoundError: There is no such citizen.
        InvalidInputError: The reason is empty or longer than `MOST_REASON` characters.
    """
    if not reason.strip() or len(reason) > MOST_REASON:
        raise InvalidInputError(f"give a reason, in at most {MOST_REASON} characters")
    citizens.find(ctx, citizen_id=citizen_id)
    row = ctx.session.get(MarkedPerson, citizen_id)
    sealed = close_for_house(ctx, what=_REASON, row_id=citizen_id, words={"reason": reason.strip()})
    if row is not None and not marked:
        ctx.session.delete(row)
    elif row is not None:
        row.sealed_reason, row.marked_at, row.version = sealed, ctx.now, row.version + 1
    elif marked:
        ctx.session.add(MarkedPerson(citizen_id=citizen_id, sealed_reason=sealed, marked_at=ctx.now))
    note(ctx, Event.PERSON_MARKED, facts={"marked": marked})


class Ties:
    """What is known of staff and of marked people, opened once for one run of the watchers."""

    def __init__(self, ctx: Context) -> None:
        """Open what was noted, through *ctx*."""
        self._vault: Vault = ctx.vault
        self._told = {row.account_id: _opened(ctx, row) for row in ctx.session.scalars(select(StaffTie))}
        self._staff = {told.citizen_id for told in self._told.values() if told.citizen_id}
        self._marked = set(ctx.session.scalars(select(MarkedPerson.citizen_id)))
        self._special: dict[str, dict[bytes, UUID]] = {}
        self._near: dict[tuple[UUID | None, UUID], str] = {}

    def special(self, subject: bytes, month: str) -> UUID | None:
        """The colleague or marked person whom *month*'s entries know as *subject*, if it is one."""
        if month not in self._special:
            self._special[month] = self._pseudonyms(month)
        return self._special[month].get(subject)

    def _pseudonyms(self, month: str) -> dict[bytes, UUID]:
        found = {}
        with self._vault.reading(SYSTEM) as ctx:
            for citizen_id in self._staff | self._marked:
                try:
                    key = audit_key(ctx, citizen_id=citizen_id)
                except VaultError:  # destroyed with the record
                    continue
                found[ctx.keyring.pseudonym(key, month)] = citizen_id
        return found

    def between(self, account_id: UUID | None, citizen_id: UUID) -> str:
        """How near an account's holder is to a citizen: words of this module with spaces between, often none."""
        pair = (account_id, citizen_id)
        if pair not in self._near:
            self._near[pair] = " ".join(self._all(account_id, citizen_id))
        return self._near[pair]

    def _all(self, account_id: UUID | None, citizen_id: UUID) -> list[str]:
        told = self._told.get(account_id, Told()) if account_id else Told()
        found = [OWN] if told.citizen_id == citizen_id else [COLLEAGUE] if citizen_id in self._staff else []
        if citizen_id in self._marked:
            found.append(WELL_KNOWN)
        if OWN not in found and (told.surnames or told.postcodes):
            found += self._shared(told, citizen_id)
        return found

    def _shared(self, told: Told, citizen_id: UUID) -> list[str]:
        held = self._marks(citizen_id)
        if held is None:
            return []
        ring = self._vault.keyring
        pairs = (
            (NEIGHBOUR, POSTCODE, told.postcodes, held.postcodes),
            (SAME_SURNAME, SURNAME, told.surnames, held.surnames),
        )
        return [
            word
            for word, kind, values, marks in pairs
            if any(tie_mark(ring, citizen_id, kind, value) in marks for value in values)
        ]

    def _marks(self, citizen_id: UUID) -> TieMark | None:
        """The citizen's marks, made through the door where there are none yet; None where they cannot be."""
        with self._vault.reading(SYSTEM) as ctx:
            held = ctx.session.get(TieMark, citizen_id)
        if held is not None:
            return held
        try:
            return marks_of_ties(self._vault, citizen_id=citizen_id, mark=tie_mark)
        except (NotAllowedError, NotFoundError, KeyDestroyedError):
            return None


def _opened(ctx: Context, row: StaffTie) -> Told:
    words = open_for_house(ctx, what=_TIES, row_id=row.account_id, sealed=row.sealed_ties)
    own = UUID(words["citizen"]) if words["citizen"] else None
    return Told(tuple(words["surnames"]), tuple(words["postcodes"]), own)
