"""One delivered bundle, put away as an import puts away a file: matched for sure, or onto the unmatched tray."""

from collections import Counter
from dataclasses import dataclass, field
from uuid import UUID

from audit.events import Event
from vault.context import Context
from vault.importing.bundle import Bundle, open_bundle
from vault.importing.fhir_file import FhirFile
from vault.importing.fhir_values import part, word
from vault.importing.items import Item, Notice, NoticeKind, Subject
from vault.importing.keeping import Order, Run
from vault.importing.matching import Sender
from vault.importing.overlay import Overlay
from vault.importing.strict_json import UnreadableFileError, decode, parse
from vault.journal import note
from vault.models import ImportRun
from vault.purposes import find as find_purpose

MOST_BYTES = 32 * 1024 * 1024
"""Bytes of one delivered bundle, a letter's file in base64 among them; it is in memory as a whole."""


class UnsupportedBundleError(Exception):
    """A bundle that is sound FHIR, and nothing that is taken here; the message says what is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivered:
    """One bundle to put away."""

    run_id: UUID
    purpose: str
    system: str
    """The name of the service's system: its own short name."""
    text: str = field(repr=False)


def check(body: bytes) -> tuple[str, str]:
    """
    Read *body* as a FHIR document to deliver: its identifier (system and value), and its text.

    Nothing here asks who it is about: the answer is the same for everybody.

    Raises:
        UnreadableFileError: It is no sound JSON, or no FHIR.
        UnsupportedBundleError: It is no document bundle with an identifier and a composition, or says nothing to keep.
    """
    text = decode(body)
    held = parse(text)
    bundle = open_bundle(held)
    if not isinstance(held, dict) or (held["resourceType"], held.get("type")) != ("Bundle", "document"):
        raise UnsupportedBundleError("send a Bundle of type `document`")
    named = part(held, "identifier")
    identifier = f"{word(named, 'system')}|{word(named, 'value')}"
    if not word(named, "value"):
        raise UnsupportedBundleError("a document has an identifier of its own (Bundle.identifier)")
    if not bundle.entries or bundle.entries[0].type != "Composition":
        raise UnsupportedBundleError("the first entry of a document is its Composition")
    _check_content(bundle)
    return identifier, text


def _check_content(bundle: Bundle) -> None:
    found = list(_read(bundle))
    for each in found:
        if isinstance(each, Notice) and each.kind is NoticeKind.ERROR:
            raise UnreadableFileError(each.position, each.message)
    if not any(isinstance(each, Item) for each in found):
        raise UnsupportedBundleError("nothing in it has a home in the vault")


def _read(bundle: Bundle) -> list[Subject | Item | Notice]:
    nobody: Overlay = {}
    return list(FhirFile(bundle, nobody, keep_unknown=False).read())


def put_away(ctx: Context, *, delivered: Delivered) -> Counter[str]:
    """
    Keep what a bundle says, in the context's transaction; its actor is the service that delivered it.

    Raises:
        ImportRefusedError: The rules do not let it write for one of the people; nothing of the bundle is kept.
    """
    organisation_id = ctx.actor.organisation_id
    assert organisation_id is not None  # noqa: S101 -- a service has one
    agreement = find_purpose(ctx, slug=delivered.purpose).agreement
    order = Order(
        organisation=str(organisation_id), system=delivered.system, purpose=delivered.purpose, agreement=agreement
    )
    run = Run(ctx.vault, order, delivered.run_id, Sender(organisation_id, delivered.system))
    _begin(ctx, run)
    found = _read(open_bundle(parse(delivered.text)))
    run.take(ctx, found, last=True)
    facts = {"run": str(run.run_id), "delivered": True, "ended": True, "items": dict(run.summary.items)}
    note(ctx, Event.IMPORT_RUN, purpose=delivered.purpose, facts=facts)
    return run.summary.items


def _begin(ctx: Context, run: Run) -> None:
    ctx.session.add(
        ImportRun(
            run_id=run.run_id,
            organisation_id=run.sender.organisation_id,
            source_system=run.order.system,
            purpose=run.order.purpose,
            agreement=run.order.agreement,
            started_at=ctx.now,
            finished_at=ctx.now,
        )
    )
