"""Reading under a grant: a service with its token, or an officer of the service it was given to."""

from collections.abc import Callable
from dataclasses import replace
from uuid import UUID

from policies.engine import NO_RULE_ALLOWS
from policies.model import Decision
from vault import accounts
from vault import facts as reading
from vault.access import keeping, question, refusing, shown
from vault.access.asking import ActingPerson, Ask, Officer, Proof
from vault.access.keeping import Look
from vault.access.shown import Admit, Load
from vault.clock import month_of
from vault.context import Actor, Vault
from vault.errors import NotAllowedError, NotFoundError
from vault.facts import Item, Sharing
from vault.kinds import AccountStatus, Role
from vault.models import Account
from vault.release import Refusal, Release


def read_with_token(
    vault: Vault,
    *,
    handle: str,
    proof: Proof,
    acting: ActingPerson | None,
    fields: frozenset[str] | None,
    history: bool = False,
    categories: frozenset[str] | None = None,
    is_meant: Callable[[UUID, UUID], bool] | None = None,
    admit: Admit = shown.anyone,
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
        categories: Where *fields* is None, of which categories; None means of all.
        is_meant: Where one item alone is asked for: which, by the ids of the service and of the item.
        admit: Told service and citizen once the token is good; raises to send the caller away.

    Raises:
        TokenInvalidError: The token is unknown, ended, bound to another key, or of an older version of its grant.
        ReplayedError: The proof was shown before.
        RowForgedError: A row was planted or changed behind the vault's back.
    """
    load = shown.loading(vault, handle)
    sharing = shown.good(vault, load, proof)
    admit(sharing.grant["service_id"], sharing.grant["citizen_id"])
    actor = shown.service_of(sharing)
    ask = Ask(
        actor=actor,
        fields=fields,
        history=history,
        acting=acting,
        proof=proof,
        categories=categories,
        is_meant=is_meant,
    )
    return _read(vault, sharing, ask, load)


def read_as_officer(
    vault: Vault, *, actor: Actor, grant_id: UUID, fields: frozenset[str] | None, record_id: UUID | None = None
) -> Release | Refusal:
    """
    Release a grant's fields to an officer of the service it was given to, whose job and team the citizen will see.

    Args:
        vault: The running vault.
        actor: The officer, signed in.
        grant_id: Under which grant.
        fields: What is asked for; None means whatever the grant holds.
        record_id: The one item that is asked for; None means all that the grant reaches.

    Raises:
        NotFoundError: There is no such grant.
        NotAllowedError: The actor is no officer.
    """
    if actor.kind != "officer" or actor.account_id is None:
        raise NotAllowedError("only an officer looks for a service")
    now = vault.clock()

    def load() -> Sharing | None:
        return reading.by_grant(vault.db, grant_id=grant_id, month=month_of(now))

    sharing = shown.with_month(vault, load)
    with vault.reading(actor) as ctx:
        account = ctx.session.get(Account, actor.account_id)
        label = accounts.find(ctx, account_id=actor.account_id).label if account else None
    if sharing is None or account is None or not _works_for(account, actor, sharing):
        raise NotFoundError(f"grant `{grant_id}` is not known")
    officer = Officer(account.account_id, account.version, account.status is AccountStatus.ACTIVE)
    acting = ActingPerson(str(actor.account_id), label.job if label else "officer", label.team if label else "")
    meant = None if record_id is None else (lambda _service_id, one: one == record_id)
    ask = Ask(actor=actor, fields=fields, history=False, acting=acting, proof=None, officer=officer, is_meant=meant)
    return _read(vault, sharing, ask, load)


def _works_for(account: Account, actor: Actor, sharing: Sharing) -> bool:
    """Whether the account, whatever its sign-in says, is an officer's of the very service that the grant is for."""
    return account.role is Role.OFFICER and account.service_id == actor.service_id == sharing.grant["service_id"]


def _read(vault: Vault, sharing: Sharing, ask: Ask, load: Load) -> Release | Refusal:
    """Decide, log and release; where something changed between decision and log, decide once more, then refuse."""
    answer = _try(vault, sharing, ask)
    if answer is not None:
        return answer
    ask = replace(ask, proof_is_spent=True)
    fresh = load()
    if fresh is not None and (ask.proof is None or shown.is_good(fresh, ask.proof, vault.clock())):
        answer = _try(vault, fresh, ask)
        if answer is not None:
            return answer
    changed = Decision(allowed=False, because=(NO_RULE_ALLOWS,), policy_set=vault.engine.digest)
    return refusing.refuse(vault, fresh or sharing, ask, question.wanted_of(sharing, ask), changed)


def _try(vault: Vault, sharing: Sharing, ask: Ask) -> Release | Refusal | None:
    """One attempt; nothing where a fact that was decided on changed before the log entry was kept."""
    wanted = question.wanted_of(sharing, ask)
    found = question.releasable(vault.db, sharing, wanted, ask)
    decision = vault.engine.decide(question.request_of(sharing, ask, wanted, found, vault.clock()))
    if not decision.allowed:
        return refusing.refuse(vault, sharing, ask, wanted, decision)
    kept = keeping.log_release(vault, Look(sharing, ask, wanted, decision, found))
    return None if kept is None else _release(vault, sharing, wanted, found, *kept)


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
        on_broken=lambda record_id: refusing.note_broken(vault, citizen_id, record_id),
    )
