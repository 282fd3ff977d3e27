"""The one door out: decide, log, unseal. No other code reaches the plaintext of a record.

1. *Read and decide*: the facts with the versions read, then the rules; no transaction is held.
2. *One short write transaction, the door's own*: claim the proof, use up the grant on condition that nothing changed
since, queue the log entry, commit.
3. `Release.unseal`, which there is nothing to call on unless that transaction committed.

So "logged but not delivered" can happen, and the reverse cannot. A refusal is logged the same way and returned, not
raised.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from types import SimpleNamespace
from typing import Any, Final
from uuid import UUID

from sqlalchemy import bindparam, exists, update
from sqlalchemy.orm import Session

from audit.events import Event
from policies.engine import NO_RULE_ALLOWS
from policies.explain import explain
from policies.model import Action, Decision, GrantFacts, Request, TokenFacts
from vault import accounts
from vault import facts as reading
from vault.authentic import marks_of
from vault.catalogue import CATALOGUE
from vault.clock import microseconds, month_of
from vault.context import Actor, Context, Vault
from vault.errors import NotAllowedError, NotFoundError, TokenInvalidError
from vault.facts import Item, Sharing, Values
from vault.grants import state_at
from vault.holding import use_digest, use_reference
from vault.ids import handle_hash
from vault.journal import Happening, Keys, keys_for, queue
from vault.judging import grant_facts, principal_of, purpose_facts
from vault.keyring import WrappedKey
from vault.kinds import GrantState, RecordStatus, ServiceStatus, TokenKind
from vault.models import Citizen, Grant, Service, Token
from vault.purposes import stored
from vault.release import Refusal, Release
from vault.tokens import spend

_Load = Callable[[Session], Sharing | None]


@dataclass(frozen=True, slots=True)
class Proof:
    """A DPoP proof that was checked.

    The key's thumbprint, its single-use id, and until when that must be remembered.
    """

    thumbprint: str
    jti: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ActingPerson:
    """Who looks on behalf of a service; the service vouches for it.

    The citizen sees role and team, the auditor the reference.
    """

    reference: str
    role: str
    team: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Ask:
    actor: Actor
    fields: frozenset[str] | None
    history: bool
    acting: ActingPerson | None
    proof: Proof | None


def read_with_token(
    vault: Vault,
    *,
    handle: str,
    proof: Proof,
    acting: ActingPerson | None,
    fields: frozenset[str] | None,
    history: bool = False,
) -> Release | Refusal:
    """
    Release the fields a service asks for under its token.

    Args:
        vault: The running vault.
        handle: The access token.
        proof: The checked proof that came with this call.
        acting: Who looks; only a batch purpose may do without.
        fields: What is asked for; None means whatever the grant holds.
        history: Whether stopped medicines and the like are asked for too.

    Raises:
        TokenInvalidError: The token is unknown, ended, bound to another key, or of an older version of its grant.
        ReplayedError: The proof was shown before.
        RowForgedError: A row was planted or changed behind the vault's back.
    """
    now = vault.clock()
    with vault.db.reading() as session:
        sharing = reading.by_token(session, token_hash=handle_hash(handle), month=month_of(now))
    if sharing is None or not _token_is_good(sharing, proof, now):
        raise TokenInvalidError("the token is not known, has ended, or is not yours")
    actor = Actor(
        kind="service", service_id=sharing.service["service_id"], organisation_id=sharing.service["organisation_id"]
    )
    ask = _Ask(actor=actor, fields=fields, history=history, acting=acting, proof=proof)

    def load(session: Session) -> Sharing | None:
        return reading.by_token(session, token_hash=handle_hash(handle), month=month_of(now))

    return _read(vault, sharing, ask, load)


def _token_is_good(sharing: Sharing, proof: Proof, now: datetime) -> bool:
    token = sharing.token
    return (
        token is not None
        and token["kind"] is TokenKind.ACCESS
        and token["expires_at"] > now
        and token["thumbprint"] == proof.thumbprint
        and token["grant_version"] == sharing.grant["version"]
        and token["service_id"] == sharing.grant["service_id"]
    )


def read_as_officer(vault: Vault, *, actor: Actor, grant_id: UUID, fields: frozenset[str] | None) -> Release | Refusal:
    """
    Release a grant's fields to an officer of the service it was given to, whose job and team the citizen will see.

    Raises:
        NotFoundError: There is no such grant.
        NotAllowedError: The actor is no officer.
    """
    if actor.kind != "officer" or actor.account_id is None:
        raise NotAllowedError("only an officer looks for a service")
    now = vault.clock()

    def load(session: Session) -> Sharing | None:
        return reading.by_grant(session, grant_id=grant_id, month=month_of(now))

    with vault.db.reading() as session:
        sharing = load(session)
    if sharing is None or sharing.grant["service_id"] != actor.service_id:
        raise NotFoundError(f"grant `{grant_id}` is not known")
    with vault.reading(actor) as ctx:
        label = accounts.find(ctx, account_id=actor.account_id).label
    acting = ActingPerson(str(actor.account_id), label.job if label else "officer", label.team if label else "")
    return _read(vault, sharing, _Ask(actor=actor, fields=fields, history=False, acting=acting, proof=None), load)


def _read(vault: Vault, sharing: Sharing, ask: _Ask, load: _Load) -> Release | Refusal:
    """Decide, log and release; where something changed between decision and log, decide once more, then refuse."""
    answer = _try(vault, sharing, ask)
    if answer is not None:
        return answer
    with vault.db.reading() as session:
        fresh = load(session)
    if fresh is not None and (ask.proof is None or _token_is_good(fresh, ask.proof, vault.clock())):
        answer = _try(vault, fresh, ask)
        if answer is not None:
            return answer
    changed = Decision(allowed=False, because=(NO_RULE_ALLOWS,), policy_set=vault.engine.digest)
    return _refuse(vault, fresh or sharing, ask, _wanted(sharing, ask), changed)


def _try(vault: Vault, sharing: Sharing, ask: _Ask) -> Release | Refusal | None:
    """One attempt; nothing where a fact that was decided on changed before the log entry was kept."""
    wanted = _wanted(sharing, ask)
    with vault.db.reading() as session:
        found = _releasable(session, sharing, wanted, history=ask.history)
    decision = vault.engine.decide(_request(sharing, ask, wanted, found, vault.clock()))
    if not decision.allowed:
        return _refuse(vault, sharing, ask, wanted, decision)
    kept = _log_release(vault, sharing, ask, wanted, decision, found)
    return None if kept is None else _release(vault, sharing, wanted, found, *kept)


def _wanted(sharing: Sharing, ask: _Ask) -> frozenset[str]:
    return ask.fields if ask.fields is not None else frozenset(_askable(sharing.grant["fields"]))


def _askable(fields: list[str]) -> set[str]:
    """What "whatever the grant holds" means: never a value that is shown one at a time."""
    return {name for name in fields if not CATALOGUE.field(name).needs_reveal}


def _releasable(session: Session, sharing: Sharing, wanted: frozenset[str], *, history: bool) -> tuple[Item, ...]:
    """The items that this grant reaches.

    Nothing entered in error, above its sensitivity, excepted, or (unless asked) past.
    """
    known = {name for name in wanted if CATALOGUE.has(name)}
    categories = frozenset(CATALOGUE.field(name).category for name in known)
    if not categories:
        return ()
    exceptions = set(sharing.grant["exceptions"])
    with_history = history and sharing.grant["history"]
    return tuple(
        item
        for item in reading.items(session, citizen_id=sharing.grant["citizen_id"], categories=categories)
        if item.record["status"] is RecordStatus.CURRENT
        or (with_history and item.record["status"] is RecordStatus.HISTORY)
        if _above(item) <= sharing.grant["max_sensitivity"] and str(item.record["record_id"]) not in exceptions
    )


def _above(item: Item) -> int:
    """How sensitive an item is beyond what its category begins with: naming the category covers that much."""
    usual = int(CATALOGUE.category(item.record["category"]).sensitivity)
    return int(item.record["sensitivity"]) if item.record["sensitivity"] > usual else 0


def _request(sharing: Sharing, ask: _Ask, wanted: frozenset[str], found: tuple[Item, ...], now: datetime) -> Request:
    definition = stored(sharing.purpose["definition"])
    suspended = sharing.service["status"] is not ServiceStatus.ACTIVE
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
    )


def _token_facts(sharing: Sharing, ask: _Ask) -> TokenFacts | None:
    token = sharing.token
    if token is None:
        return None
    return TokenFacts(
        bound=ask.proof is not None and ask.proof.thumbprint == token["thumbprint"],
        grant_version=token["grant_version"],
        not_after=microseconds(token["expires_at"]),
    )


def _grant_facts(grant: Values, now: datetime) -> GrantFacts:
    state = state_at(grant["state"], grant["not_after"], grant["uses"], grant["max_uses"], now)
    return grant_facts(SimpleNamespace(**grant), state=str(state))


_USE: Final = (
    update(Grant)
    .where(
        Grant.citizen_id == bindparam("the_citizen"),
        Grant.grant_id == bindparam("the_grant"),
        Grant.version == bindparam("the_version"),
        Grant.state == GrantState.ACTIVE,
        Grant.uses < Grant.max_uses,
        Grant.not_before <= bindparam("the_time"),
        Grant.not_after > bindparam("the_time"),
        exists().where(Service.service_id == bindparam("the_service"), Service.version == bindparam("service_version")),
        exists().where(Citizen.citizen_id == bindparam("the_citizen"), Citizen.version == bindparam("citizen_version")),
    )
    .values(uses=Grant.uses + 1, last_used_at=bindparam("the_time"))
    .execution_options(synchronize_session=False)
)
_USE_WITH_TOKEN: Final = _USE.where(exists().where(Token.token_hash == bindparam("the_token")))


def _log_release(
    vault: Vault, sharing: Sharing, ask: _Ask, wanted: frozenset[str], decision: Decision, found: tuple[Item, ...]
) -> tuple[bytes, int] | None:
    """Claim, use up, log, commit; nothing where something changed since it was read."""
    with vault.transaction(ask.actor) as ctx:
        _claim(ctx, ask)
        if not _use(ctx, sharing):
            ctx.session.rollback()
            return None
        grant = sharing.grant
        pair = (
            use_reference(marks_of(ctx.session).reference_key, grant["grant_id"]),
            use_digest(grant["grant_id"], grant["version"]),
        )
        happening = Happening(
            event=Event.RECORD_OPENED,
            purpose=grant["purpose"],
            policy_set=decision.policy_set,
            facts={
                **_ask_facts(sharing, ask, wanted),
                "because": list(decision.because),
                "records": [f"{item.record['record_id']}/{item.record['version']}" for item in found],
            },
        )
        leaf = queue(
            ctx.session,
            vault,
            now=ctx.now,
            actor=ask.actor,
            keys=_keys(ctx, sharing),
            happening=happening,
            pairs=[pair],
        )
        time_us = microseconds(ctx.now)
    return leaf, time_us


def _claim(ctx: Context, ask: _Ask) -> None:
    if ask.proof is not None:
        spend(ctx, owner=ask.proof.thumbprint, jti=ask.proof.jti, expires_at=ask.proof.expires_at)


def _use(ctx: Context, sharing: Sharing) -> bool:
    grant, token = sharing.grant, sharing.token
    values = {
        "the_citizen": grant["citizen_id"],
        "the_grant": grant["grant_id"],
        "the_version": grant["version"],
        "the_time": ctx.now,
        "the_service": sharing.service["service_id"],
        "service_version": sharing.service["version"],
        "citizen_version": sharing.citizen["version"],
    }
    connection = ctx.session.connection()
    if token is None:
        return connection.execute(_USE, values).rowcount == 1
    return connection.execute(_USE_WITH_TOKEN, {**values, "the_token": token["token_hash"]}).rowcount == 1


def _ask_facts(sharing: Sharing, ask: _Ask, wanted: frozenset[str]) -> dict[str, Any]:
    acting = ask.acting
    return {
        "grant": str(sharing.grant["grant_id"]),
        "version": sharing.grant["version"],
        "service": str(sharing.service["service_id"]),
        "fields": sorted(wanted & set(sharing.grant["fields"])),
        "acting": {"reference": acting.reference, "role": acting.role, "team": acting.team} if acting else {},
    }


def _keys(ctx: Context, sharing: Sharing) -> Keys:
    """The keys of the entry, from the rows read already; made or looked up where a month has just begun."""
    audit_row, month_row = sharing.audit_key, sharing.month_key
    if (
        not reading.key_is_active(audit_row)
        or not reading.key_is_active(month_row)
        or audit_row is None
        or month_row is None
    ):
        return keys_for(ctx, citizen_id=sharing.grant["citizen_id"])
    ring = ctx.keyring
    subject = ring.open_citizen_key(
        audit_row["citizen_id"],
        audit_row["kind"],
        audit_row["generation"],
        WrappedKey(audit_row["wrapped"], audit_row["fingerprint"]),
    )
    month = ring.open_house_key(
        month_row["name"], month_row["generation"], WrappedKey(month_row["wrapped"], month_row["fingerprint"])
    )
    return Keys(subject=subject, month=month, pseudonym=ring.pseudonym(subject, month_of(ctx.now)))


def _release(
    vault: Vault, sharing: Sharing, wanted: frozenset[str], found: tuple[Item, ...], leaf_hash: bytes, time_us: int
) -> Release:
    citizen_id = sharing.grant["citizen_id"]
    return Release(
        fields=wanted,
        asked=wanted,
        missing=(),
        leaf_hash=leaf_hash,
        time_us=time_us,
        items=found,
        keyring=vault.keyring,
        partial=sharing.grant["max_sensitivity"] < 2 or bool(sharing.grant["exceptions"]),  # noqa: PLR2004 -- danger
        service_id=sharing.grant["service_id"],
        reveal=len(wanted) == 1,
        on_broken=lambda record_id: _note_broken(vault, citizen_id, record_id),
    )


def _refuse(vault: Vault, sharing: Sharing, ask: _Ask, wanted: frozenset[str], decision: Decision) -> Refusal:
    known = frozenset(name for name in wanted if CATALOGUE.has(name))
    missing = tuple(sorted(known - set(sharing.grant["fields"])))
    with vault.transaction(ask.actor) as ctx:
        _claim(ctx, ask)
        facts = {
            **_ask_facts(sharing, ask, known),
            "because": list(decision.because),
            "refused": sorted(known),
            "fields": [],
            "missing": list(missing),
        }
        happening = Happening(
            event=Event.RECORD_REFUSED, purpose=sharing.grant["purpose"], policy_set=decision.policy_set, facts=facts
        )
        leaf = queue(
            ctx.session, vault, now=ctx.now, actor=ask.actor, keys=_keys(ctx, sharing), happening=happening, pairs=[]
        )
    return _refusal(vault, replace(decision, missing=decision.missing or missing), missing, leaf)


def _refusal(vault: Vault, decision: Decision, missing: tuple[str, ...], leaf_hash: bytes) -> Refusal:
    return Refusal(
        code="beyond_grant" if missing else "refused",
        because=decision.because,
        words=explain(decision, "citizen", rulebook=vault.engine.rulebook),
        officer_words=explain(decision, "officer", rulebook=vault.engine.rulebook),
        missing=missing,
        leaf_hash=leaf_hash,
    )


def _note_broken(vault: Vault, citizen_id: UUID, record_id: UUID) -> None:
    with vault.transaction(Actor(kind="system")) as ctx:
        happening = Happening(event=Event.RECORD_UNSEAL_FAILED, facts={"record": str(record_id)})
        queue(
            ctx.session,
            vault,
            now=ctx.now,
            actor=ctx.actor,
            keys=keys_for(ctx, citizen_id=citizen_id),
            happening=happening,
            pairs=[],
        )


def read_own(vault: Vault, *, actor: Actor, citizen_id: UUID, categories: frozenset[str]) -> Release | Refusal:
    """
    Open a citizen's own categories for them: all but what is lawfully held back, with dangerous values masked.

    Raises:
        NotFoundError: No such citizen.
        UnknownFieldError: No such category.
    """
    fields = frozenset(name for category in categories for name in CATALOGUE.fields_of(category))
    masked = frozenset(name for name in fields if CATALOGUE.field(name).needs_reveal)
    return _own(vault, _OwnAsk(actor=actor, citizen_id=citizen_id, fields=fields - masked, masked=masked))


def reveal(vault: Vault, *, actor: Actor, citizen_id: UUID, record_id: UUID, field: str) -> Release | Refusal:
    """
    Show a citizen one dangerous value of one item; each time is logged.

    Raises:
        NotFoundError: No such citizen.
        UnknownFieldError: No such field.
    """
    CATALOGUE.field(field)
    return _own(vault, _OwnAsk(actor=actor, citizen_id=citizen_id, fields=frozenset({field}), record_id=record_id))


@dataclass(frozen=True, slots=True, kw_only=True)
class _OwnAsk:
    actor: Actor
    citizen_id: UUID
    fields: frozenset[str]
    masked: frozenset[str] = frozenset()
    """Shown as being there, without their values; the rules are not asked about them."""
    record_id: UUID | None = None


def _own(vault: Vault, ask: _OwnAsk) -> Release | Refusal:
    with vault.reading(ask.actor) as ctx:
        citizen = ctx.session.get(Citizen, ask.citizen_id)
        if citizen is None:
            raise NotFoundError(f"citizen `{ask.citizen_id}` is not known")
        found = _own_items(ctx, ask)
        request = Request(
            action=Action.READ,
            principal=principal_of(ask.actor, now=ctx.now),
            now=microseconds(ctx.now),
            owner=str(ask.citizen_id),
            owner_status=str(citizen.status),
            fields=ask.fields,
        )
    decision = vault.engine.decide(request)
    leaf_hash, time_us = _log_own(vault, ask, citizen.version, decision)
    if not decision.allowed:
        return _refusal(vault, decision, (), leaf_hash)
    return Release(
        fields=ask.fields | ask.masked,
        asked=ask.fields | ask.masked,
        missing=(),
        leaf_hash=leaf_hash,
        time_us=time_us,
        service_id=None,
        items=found,
        keyring=vault.keyring,
        reveal=ask.record_id is not None,
        on_broken=lambda broken: _note_broken(vault, ask.citizen_id, broken),
    )


def _own_items(ctx: Context, ask: _OwnAsk) -> tuple[Item, ...]:
    """What is held, save what is lawfully held back for a time; one item alone where one was named."""
    categories = frozenset(CATALOGUE.field(name).category for name in ask.fields | ask.masked)
    return tuple(
        item
        for item in reading.items(ctx.session, citizen_id=ask.citizen_id, categories=categories)
        if (item.held_until is None or item.held_until <= ctx.now) and ask.record_id in {None, item.record["record_id"]}
    )


def _log_own(vault: Vault, ask: _OwnAsk, version: int, decision: Decision) -> tuple[bytes, int]:
    with vault.transaction(ask.actor) as ctx:
        citizen = ctx.session.get(Citizen, ask.citizen_id)
        if citizen is None or citizen.version != version:
            raise NotAllowedError("something changed at this moment; try again")
        happening = Happening(
            event=Event.RECORD_VIEWED if decision.allowed else Event.RECORD_REFUSED,
            policy_set=decision.policy_set,
            facts={**_own_facts(ask), "because": list(decision.because)},
        )
        keys = keys_for(ctx, citizen_id=ask.citizen_id)
        leaf = queue(ctx.session, vault, now=ctx.now, actor=ask.actor, keys=keys, happening=happening, pairs=[])
        return leaf, microseconds(ctx.now)


def _own_facts(ask: _OwnAsk) -> dict[str, Any]:
    if ask.record_id is not None:
        return {"fields": sorted(ask.fields), "record": str(ask.record_id)}
    return {"categories": sorted({CATALOGUE.field(name).category for name in ask.fields | ask.masked})}
