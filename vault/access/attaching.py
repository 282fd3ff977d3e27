"""A service gives an item that it wrote a document: asked first, received in pieces, kept with its entry or not at all.

The rules are asked twice: before the first byte is taken, so that nobody sends a hundred megabytes for a no; and again
in the transaction that keeps it, for sharing may have ended meanwhile.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final
from uuid import UUID

from sqlalchemy.exc import IntegrityError

from policies.model import Decision
from vault import documents
from vault.access import once, refusing, shown
from vault.access.asking import ActingPerson, Ask, Proof
from vault.access.keeping import claim
from vault.access.once import Kept, Once
from vault.access.returned import SYSTEM, Change, decided, hand_of, hold, meant, revised, written
from vault.access.shown import Admit
from vault.catalogue import CATALOGUE
from vault.context import Context, Vault
from vault.documents import Arriving, Stored
from vault.documents.kinds import FIELD
from vault.errors import NotFoundError, VersionPassedError
from vault.facts import Sharing
from vault.items import Brief
from vault.purposes import stored as stored_purpose
from vault.records import Author, NewItem, Source
from vault.release import Refusal

CATEGORY: Final = CATALOGUE.field(FIELD).category


@dataclass(frozen=True, slots=True, kw_only=True)
class ToAttach:
    """A document that a service sends, and the item that it is for."""

    change: Change
    arriving: Arriving = field(repr=False)
    once: Callable[[bytes], Once]
    """What makes the request count once, once it is known what it says: told a digest of the content (32 bytes)."""


def attach_with_token(
    vault: Vault,
    *,
    handle: str,
    proof: Proof,
    acting: ActingPerson | None,
    wanted: ToAttach,
    admit: Admit = shown.anyone,
) -> Kept | Refusal:
    """
    Let what *wanted* brings be the document of an item that this very service wrote; its version grows by one.

    Raises:
        TokenInvalidError: The token is unknown, ended, bound to another key, or of an older version of its grant.
        ReplayedError: The proof was shown before.
        InvalidInputError: The document is not of a kind that is taken, or another length than was said.
        TooLargeError: It is too large.
        NotFoundError: There is no such item of this service's own.
        VersionPassedError: The item is at another version by now.
        KeyReusedError: The idempotency key came with another request before.
    """
    sharing = shown.good(vault, shown.loading(vault, handle), proof)
    admit(sharing.grant["service_id"], sharing.grant["citizen_id"])
    ask = Ask(actor=shown.service_of(sharing), fields=frozenset({FIELD}), history=False, acting=acting, proof=proof)
    with vault.transaction(ask.actor) as ctx:
        claim(ctx, ask)
        held = meant(ctx, sharing, wanted.change, [CATEGORY])
        decision = decided(vault, sharing, ask, held)
    ask = replace(ask, proof_is_spent=True)
    if not decision.allowed:
        return _refused(vault, sharing, ask, decision)
    if held is None:
        raise NotFoundError("there is no such item of this service's own")
    return _receive(vault, handle, ask, proof, wanted, sharing.grant["citizen_id"], held)


def _receive(
    vault: Vault, handle: str, ask: Ask, proof: Proof, wanted: ToAttach, citizen_id: UUID, held: Brief
) -> Kept | Refusal:
    with documents.receive(
        vault,
        actor=ask.actor,
        citizen_id=citizen_id,
        category=CATEGORY,
        record_id=held.record_id,
        arriving=wanted.arriving,
    ) as stored:
        asked = wanted.once(stored.content_digest)
        try:
            return _keep(vault, handle, ask, proof, wanted, asked, stored)
        except (IntegrityError, VersionPassedError):  # the same request was first by a hair: its answer is found now
            return _keep(vault, handle, ask, proof, wanted, asked, stored)


def _keep(
    vault: Vault, handle: str, ask: Ask, proof: Proof, wanted: ToAttach, asked: Once, stored: Stored
) -> Kept | Refusal:
    """Hold what the decision rests on, decide again, and attach in the same transaction."""
    sharing = shown.good(vault, shown.loading(vault, handle), proof)
    with vault.transaction(ask.actor) as ctx:
        hold(ctx, sharing, handle)
        held = meant(ctx, sharing, wanted.change, [CATEGORY])
        decision = decided(vault, sharing, ask, held)
        if decision.allowed:
            return once.before(ctx, sharing, asked) or _attach(ctx, sharing, ask, decision, wanted, asked, held, stored)
    return _refused(vault, sharing, ask, decision)


def _attach(
    ctx: Context,
    sharing: Sharing,
    ask: Ask,
    decision: Decision,
    wanted: ToAttach,
    asked: Once,
    held: Brief | None,
    stored: Stored,
) -> Kept:
    if held is None:
        raise NotFoundError("there is no such item of this service's own")
    item = _item(sharing, ask, held, stored)
    version = revised(ctx, sharing.grant["citizen_id"], held.record_id, wanted.change.expected, item)
    facts = {
        "record": str(held.record_id),
        "version": version,
        "category": CATEGORY,
        "fields": [FIELD],
        "document": str(stored.link.document_id),
        "bytes": stored.link.size,
    }
    return written(ctx, sharing, ask, decision, asked, facts)


def _item(sharing: Sharing, ask: Ask, held: Brief, stored: Stored) -> NewItem:
    """A newer version that says what the one before it said, and brings the document."""
    service_id, organisation_id = sharing.grant["service_id"], sharing.service["organisation_id"]
    return NewItem(
        category=CATEGORY,
        fields={},
        source=Source(organisation_id=organisation_id, system=SYSTEM, type=CATEGORY, id=str(held.record_id)),
        purpose=sharing.grant["purpose"],
        sensitivity=int(CATALOGUE.category(CATEGORY).sensitivity),
        author=Author(service_id=service_id, **hand_of(ask)),
        document=stored,
    )


def _refused(vault: Vault, sharing: Sharing, ask: Ask, decision: Decision) -> Refusal:
    reach = stored_purpose(sharing.purpose["definition"]).writes
    return refusing.refuse(vault, sharing, ask, frozenset({FIELD}), decision, reach=reach)
