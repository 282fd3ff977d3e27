"""The document of one item, through the door: decided and logged first, then looked through, then released in pieces.

Each call is a look of its own, of whatever part of the document: decided, counted and logged. A look that lasts is
asked again before every piece: once a withdrawal is answered, at most the piece that was opened already still leaves.
"""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from sqlalchemy import select

from vault import documents
from vault.access import refusing, shown
from vault.access.asking import ActingPerson, Proof
from vault.access.own import take_own_document
from vault.access.shared import read_as_officer, read_with_token
from vault.access.shown import Admit
from vault.context import Actor, Context, Vault
from vault.documents import Opened
from vault.documents.kinds import FIELD
from vault.documents.opening import GoOn
from vault.errors import NoMoreError, NotFoundError
from vault.kinds import AccountStatus, CitizenStatus, GrantState, KeyState, ServiceStatus
from vault.models import Account, Citizen, CitizenKey, Grant, HeldBack, Record, Service, ServicePurpose
from vault.release import RecordView, Refusal, Release

Checks = Callable[[Context], bool]


def open_with_token(
    vault: Vault,
    *,
    handle: str,
    proof: Proof,
    acting: ActingPerson | None,
    is_meant: Callable[[UUID, UUID], bool],
    admit: Admit = shown.anyone,
) -> tuple[Release, Opened] | Refusal:
    """
    Open the document of the one item that *is_meant* knows, for a service under its token.

    Raises:
        TokenInvalidError: The token is unknown, ended, bound to another key, or of an older version of its grant.
        ReplayedError: The proof was shown before.
        NotFoundError: There is no such item that the grant reaches, or it has no document; all look the same.
        SealBrokenError: It does not open.
    """
    sharing = shown.good(vault, shown.loading(vault, handle), proof)
    answer = read_with_token(
        vault,
        handle=handle,
        proof=proof,
        acting=acting,
        fields=frozenset({FIELD}),
        is_meant=is_meant,
        admit=admit,
    )
    actor, grant_id = shown.service_of(sharing), sharing.grant["grant_id"]
    return answer if isinstance(answer, Refusal) else _opened(vault, actor, answer, _while_shared(grant_id, None))


def open_as_officer(vault: Vault, *, actor: Actor, grant_id: UUID, record_id: UUID) -> tuple[Release, Opened] | Refusal:
    """
    Open the document of one item for an officer of the service that a grant was given to.

    Raises:
        NotFoundError: There is no such grant, item or document for them; all look the same.
        NotAllowedError: The actor is no officer.
        SealBrokenError: It does not open.
    """
    answer = read_as_officer(vault, actor=actor, grant_id=grant_id, fields=frozenset({FIELD}), record_id=record_id)
    going = _while_shared(grant_id, actor.account_id)
    return answer if isinstance(answer, Refusal) else _opened(vault, actor, answer, going)


def open_own(vault: Vault, *, actor: Actor, citizen_id: UUID, record_id: UUID) -> tuple[Release, Opened] | Refusal:
    """
    Open the document of one item for the citizen whose record it is in.

    Raises:
        NotFoundError: There is no such item or document of theirs, or it is held back; all look the same.
        SealBrokenError: It does not open.
    """
    answer = take_own_document(vault, actor=actor, citizen_id=citizen_id, record_id=record_id)
    return answer if isinstance(answer, Refusal) else _opened(vault, actor, answer, _while_own(citizen_id, record_id))


def _opened(vault: Vault, actor: Actor, release: Release, checks: Checks) -> tuple[Release, Opened]:
    found = [view for view in release.unseal().records if view.document is not None]
    if len(found) != 1 or found[0].document is None:
        raise NotFoundError("there is no such document")
    view, citizen_id = found[0], release.items[0].record["citizen_id"]
    opened = documents.open_document(
        vault,
        actor=actor,
        citizen_id=citizen_id,
        record_id=view.record_id,
        link=found[0].document,
        title=_title(view),
        on_broken=lambda: refusing.note_broken(vault, citizen_id, view.record_id),
        go_on=_go_on(vault, actor, citizen_id, view, checks),
    )
    return release, opened


def _title(view: RecordView) -> str:
    held = view.fields.get(FIELD)
    return str(held.get("title", "") if isinstance(held, dict) else held or "")


def _go_on(vault: Vault, actor: Actor, citizen_id: UUID, view: RecordView, checks: Checks) -> GoOn:
    """Asked before each piece: whether all that the look was decided on still stands."""

    def ask() -> None:
        with vault.reading(actor) as ctx:
            if _still(ctx, citizen_id, view) and checks(ctx):
                return
        refusing.note_stopped(vault, actor, citizen_id, view.record_id)
        raise NoMoreError("what was being read may not be read any further")

    return ask


def _still(ctx: Context, citizen_id: UUID, view: RecordView) -> bool:
    """Whether the item is at the version that was released, and its citizen's key is there."""
    record = ctx.session.get(Record, (citizen_id, view.record_id))
    keys = ctx.session.scalars(select(CitizenKey).where(CitizenKey.citizen_id == citizen_id)).all()
    whole = all(key.state is KeyState.ACTIVE for key in keys)
    return record is not None and whole and (record.version, record.status) == (view.version, view.status)


def _while_shared(grant_id: UUID, account_id: UUID | None) -> Checks:
    """Whether a grant still lets its service, or its officer, go on: used up by this very look, it does."""

    def check(ctx: Context) -> bool:
        grant = ctx.session.scalars(select(Grant).where(Grant.grant_id == grant_id)).one_or_none()
        if grant is None or not _lasts(grant, ctx.now):
            return False
        service = ctx.session.get(Service, grant.service_id)
        active = service is not None and service.status is ServiceStatus.ACTIVE
        registered = ctx.session.get(ServicePurpose, (grant.service_id, grant.purpose)) is not None
        return active and registered and (account_id is None or _works_there(ctx, account_id, grant))

    return check


def _lasts(grant: Grant, now: datetime) -> bool:
    stands = grant.state in {GrantState.ACTIVE, GrantState.EXHAUSTED} and grant.not_before <= now < grant.not_after
    return stands and FIELD in grant.fields


def _works_there(ctx: Context, account_id: UUID, grant: Grant) -> bool:
    account = ctx.session.get(Account, account_id)
    return account is not None and account.service_id == grant.service_id and account.status is AccountStatus.ACTIVE


def _while_own(citizen_id: UUID, record_id: UUID) -> Checks:
    """Whether a citizen's own record is still theirs to read, and the item not held back meanwhile."""
    allowed = {CitizenStatus.ACTIVE, CitizenStatus.YOUNG_PERSON, CitizenStatus.MOVED}

    def check(ctx: Context) -> bool:
        citizen = ctx.session.get(Citizen, citizen_id)
        held = ctx.session.get(HeldBack, (citizen_id, record_id))
        return citizen is not None and citizen.status in allowed and (held is None or held.until <= ctx.now)

    return check
