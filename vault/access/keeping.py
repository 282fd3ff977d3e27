"""The door's own short write: claim the proof, use up the grant, queue the entry, commit. Or nothing of it."""

from typing import Any, Final

from sqlalchemy import bindparam, exists, update

from audit.events import Event
from policies.model import Decision
from vault import facts as reading
from vault.access.asking import Ask
from vault.authentic import marks_of
from vault.clock import microseconds, month_of
from vault.context import Context, Vault
from vault.facts import Item, Sharing
from vault.holding import use_digest, use_reference
from vault.journal import Happening, Keys, keys_for, queue
from vault.keyring import WrappedKey
from vault.kinds import GrantState
from vault.models import Citizen, Grant, Service, Token
from vault.tokens import spend

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


def log_release(
    vault: Vault, sharing: Sharing, ask: Ask, wanted: frozenset[str], decision: Decision, found: tuple[Item, ...]
) -> tuple[bytes, int] | None:
    """Claim, use up, log, commit; nothing where something changed since it was read."""
    with vault.transaction(ask.actor) as ctx:
        claim(ctx, ask)
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
                **ask_facts(sharing, ask, wanted),
                "because": list(decision.because),
                "records": [f"{item.record['record_id']}/{item.record['version']}" for item in found],
            },
        )
        leaf = queue(
            ctx.session,
            vault,
            now=ctx.now,
            actor=ask.actor,
            keys=entry_keys(ctx, sharing),
            happening=happening,
            pairs=[pair],
        )
        time_us = microseconds(ctx.now)
    return leaf, time_us


def claim(ctx: Context, ask: Ask) -> None:
    """Take the proof that came with *ask*; raises `ReplayedError` where it was shown before."""
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


def ask_facts(sharing: Sharing, ask: Ask, wanted: frozenset[str]) -> dict[str, Any]:
    """What the entry says of the question, whatever the answer was."""
    acting = ask.acting
    return {
        "grant": str(sharing.grant["grant_id"]),
        "version": sharing.grant["version"],
        "service": str(sharing.service["service_id"]),
        "fields": sorted(wanted & set(sharing.grant["fields"])),
        "acting": {"reference": acting.reference, "role": acting.role, "team": acting.team} if acting else {},
    }


def entry_keys(ctx: Context, sharing: Sharing) -> Keys:
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
