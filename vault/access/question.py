"""From stored facts to one question for the rules; judged is what is stored, never what is claimed."""

from dataclasses import replace
from datetime import datetime

from policies.model import Action, GrantFacts, ItemFacts, Request, TokenFacts
from vault import facts as reading
from vault.access.asking import Ask
from vault.catalogue import CATALOGUE
from vault.clock import microseconds
from vault.db import Database
from vault.facts import Item, Sharing, Values
from vault.grants import state_at
from vault.judging import grant_terms, principal_of, purpose_facts
from vault.kinds import RecordStatus, ServiceStatus
from vault.purposes import Definition, stored
from vault.rows import Row


def defined(sharing: Sharing) -> Definition:
    """The purpose of the grant, as it is registered now."""
    return sharing.purpose.made(_definition)


def _definition(purpose: Values) -> Definition:
    return stored(purpose["definition"])


def wanted_of(sharing: Sharing, ask: Ask) -> frozenset[str]:
    """The fields that are asked for, by full name."""
    if ask.fields is not None:
        return ask.fields
    most = defined(sharing).most  # a purpose that asks for less by now narrows its grants
    found = sharing.grant.made(_askable) & most
    if ask.categories is not None:
        return frozenset(name for name in found if CATALOGUE.field(name).category in ask.categories)
    return found


def _askable(grant: Values) -> frozenset[str]:
    """What "whatever the grant holds" means: never a value that is shown one at a time."""
    return frozenset(name for name in grant["fields"] if not CATALOGUE.field(name).needs_reveal)


def releasable(database: Database, sharing: Sharing, wanted: frozenset[str], ask: Ask) -> tuple[Item, ...]:
    """The items that this grant reaches.

    Nothing entered in error, above its sensitivity, excepted, or (unless asked) past; where one is meant, that alone.
    """
    known = {name for name in wanted if CATALOGUE.has(name)}
    categories = frozenset(CATALOGUE.field(name).category for name in known)
    if not categories:
        return ()
    exceptions = set(sharing.grant["exceptions"])
    with_history = ask.history and sharing.grant["history"]
    service_id, meant = sharing.grant["service_id"], ask.is_meant
    return tuple(
        item
        for item in reading.items(database, citizen_id=sharing.grant["citizen_id"], categories=categories)
        if reaches(item, max_sensitivity=sharing.grant["max_sensitivity"], history=with_history)
        and str(item.record["record_id"]) not in exceptions
        and (meant is None or meant(service_id, item.record["record_id"]))
    )


def reaches(item: Item, *, max_sensitivity: int, history: bool = False) -> bool:
    """Whether sharing up to *max_sensitivity* reaches *item*: what is so now, or (with *history*) was."""
    status = item.record["status"]
    if status is not RecordStatus.CURRENT and not (history and status is RecordStatus.HISTORY):
        return False
    return _above(item) <= max_sensitivity


def _above(item: Item) -> int:
    """How sensitive an item is beyond what its category begins with: naming the category covers that much."""
    usual = int(CATALOGUE.category(item.record["category"]).sensitivity)
    return int(item.record["sensitivity"]) if item.record["sensitivity"] > usual else 0


def request_of(sharing: Sharing, ask: Ask, wanted: frozenset[str], found: tuple[Item, ...], now: datetime) -> Request:
    """The whole question, with what is true at *now*."""
    definition = defined(sharing)
    suspended = sharing.service["status"] is not ServiceStatus.ACTIVE or (
        ask.officer is not None and not ask.officer.active
    )
    return Request(
        action=Action.READ,
        principal=principal_of(ask.actor, now=now, suspended=suspended),
        now=microseconds(now),
        owner=str(sharing.grant["citizen_id"]),
        owner_status=str(sharing.citizen["status"]),
        fields=wanted,
        purpose=purpose_facts(definition, registered=sharing.registered),
        grant=_grant_facts(sharing.grant, now),
        token=_token_facts(sharing, ask),
        acting_person=ask.acting is not None,
        batch=definition.batch and definition.slug in sharing.service["batch_purposes"],
        sensitivity=max((_above(item) for item in found), default=0),
        history=ask.history,
        step_up_required=ask.actor.asked_to_prove,
        grant_proven=definition.is_proven(at=sharing.grant["proven_at"], by=sharing.grant["proven_by"], now=now),
    )


def writing_request_of(
    sharing: Sharing, ask: Ask, names: frozenset[str], item: ItemFacts | None, now: datetime
) -> Request:
    """Whether *names* may be written under this grant: its fields are those that its purpose may write."""
    asked, writes = request_of(sharing, ask, names, (), now), defined(sharing).writes
    grant = replace(_grant_facts(sharing.grant, now), fields=writes, write=bool(writes))
    return replace(asked, action=Action.WRITE, grant=grant, item=item)


def _token_facts(sharing: Sharing, ask: Ask) -> TokenFacts | None:
    token = sharing.token
    if token is None:
        return None
    return TokenFacts(
        bound=ask.proof is not None and ask.proof.thumbprint == token["thumbprint"],
        grant_version=token["grant_version"],
        not_after=microseconds(token["expires_at"]),
    )


def _grant_facts(grant: Row, now: datetime) -> GrantFacts:
    state = state_at(grant["state"], grant["not_after"], grant["uses"], grant["max_uses"], now)
    return GrantFacts(**grant.made(grant_terms), state=str(state), uses=grant["uses"])
