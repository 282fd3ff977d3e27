"""The door's own short write: where all is still as it was read, the grant is used up and the entry queued."""

import hashlib
from dataclasses import dataclass
from typing import Any

from audit.events import Event
from policies.model import Decision
from vault import facts as reading
from vault.access import writing
from vault.access.asking import Ask
from vault.access.writing import Seen, Write
from vault.authentic import marks_in
from vault.clock import microseconds, month_of
from vault.comparing import use_reference
from vault.context import Context, Vault
from vault.errors import KeyDestroyedError, KeyNotFoundError
from vault.facts import Item, Sharing, Values
from vault.holding import use_digest
from vault.journal import Happening, Keys, announced_writer, entry
from vault.judged import told
from vault.keyring import WrappedKey
from vault.rows import Row, bound
from vault.tokens import spend


@dataclass(frozen=True, slots=True)
class Look:
    """What is about to be released, and why: all that the entry says and the write holds on to."""

    sharing: Sharing
    ask: Ask
    wanted: frozenset[str]
    decision: Decision
    found: tuple[Item, ...]


def log_release(vault: Vault, look: Look) -> tuple[bytes, int] | None:
    """
    Claim, use up, log, commit; nothing where something changed since it was read.

    Returns:
        The entry's leaf hash (32 bytes) and time (µs since 1970); None after a miss, by which the proof is spent too.

    Raises:
        ReplayedError: The proof was shown before.
        CommitUncertainError: Nobody knows whether it was kept; nothing is released.
    """
    if look.decision.policy_set != vault.engine.digest:
        return None
    now = vault.clock()
    keys = entry_keys(vault, look.sharing, month_of(now))
    with announced_writer(vault) as writer:
        number = writer.next_number
        finished = entry(
            vault,
            writer,
            now=now,
            actor=look.ask.actor,
            keys=keys,
            happening=_happening(look),
            pairs=[_use_of(vault, look.sharing.grant)],
        )
        writer.count(finished)  # before it is sent: what nobody answers for must be doubted
        values = {**_versions(vault, look), **finished.row, "now": microseconds(now)}
        if not _write(vault, look, values):
            writer.rewind(number)
            return None
    return finished.leaf_hash, finished.time_us


def _write(vault: Vault, look: Look, values: dict[str, Any]) -> bool:
    write = Write(
        values=values,
        seen=tuple(Seen(item.record.raw("record_id"), item.record["version"]) for item in look.found),
        claims="proof_owner" in values,
        officer=look.ask.officer is not None,
    )
    steps = writing.on_sqlite if vault.db.is_sqlite else writing.on_postgresql
    return vault.db.at_once(lambda driver: steps(driver, write))


def _versions(vault: Vault, look: Look) -> dict[str, Any]:
    """Every row that was decided on, by the version that was read."""
    sharing, officer = look.sharing, look.ask.officer
    held: dict[str, Any] = {
        "citizen": sharing.grant.raw("citizen_id"),
        "grant": sharing.grant.raw("grant_id"),
        "grant_version": sharing.grant["version"],
        "service": sharing.service.raw("service_id"),
        "service_version": sharing.service["version"],
        "purpose": sharing.purpose["slug"],
        "purpose_version": sharing.purpose["version"],
        "citizen_version": sharing.citizen["version"],
        "key_generation": sharing.audit_key["generation"] if sharing.audit_key else 0,
    }
    if officer is not None:
        account = bound(officer.account_id, sqlite=vault.db.is_sqlite)
        return {**held, "account": account, "account_version": officer.version}
    return {**held, "token": sharing.token["token_hash"] if sharing.token else b"", **_proof(look.ask)}


def _proof(ask: Ask) -> dict[str, Any]:
    proof = ask.proof
    if proof is None or ask.proof_is_spent:
        return {}
    return {
        "proof_owner": proof.thumbprint,
        "proof_hash": hashlib.sha256(proof.jti.encode()).digest(),
        "proof_expires_at": microseconds(proof.expires_at),
    }


def _use_of(vault: Vault, grant: Row) -> tuple[bytes, bytes]:
    return grant.made(_use, marks_in(vault.db).reference_key)


def _use(grant: Values, key: bytes) -> tuple[bytes, bytes]:
    return use_reference(key, grant["grant_id"]), use_digest(grant["grant_id"], grant["version"])


def _happening(look: Look) -> Happening:
    return Happening(
        event=Event.RECORD_OPENED,
        purpose=look.sharing.grant["purpose"],
        policy_set=look.decision.policy_set,
        facts={
            **ask_facts(look.sharing, look.ask, look.wanted),
            **told(look.decision),
            "records": [f"{item.record['record_id']}/{item.record['version']}" for item in look.found],
        },
    )


def claim(ctx: Context, ask: Ask) -> None:
    """Take the proof that came with *ask*; raises `ReplayedError` where it was shown before."""
    if ask.proof is not None and not ask.proof_is_spent:
        spend(ctx, owner=ask.proof.thumbprint, jti=ask.proof.jti, expires_at=ask.proof.expires_at)


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


def entry_keys(vault: Vault, sharing: Sharing, month: str) -> Keys:
    """
    The keys of the entry, from the rows read already.

    Raises:
        KeyNotFoundError: The citizen has no key for their lines in the log, or the month none.
        KeyDestroyedError: One of them was destroyed.
    """
    audit_row, month_row = _active(sharing.audit_key), _active(sharing.month_key)
    ring = vault.keyring
    subject = ring.open_citizen_key(
        audit_row["citizen_id"],
        audit_row["kind"],
        audit_row["generation"],
        WrappedKey(audit_row["wrapped"], audit_row["fingerprint"]),
    )
    wrapped = WrappedKey(month_row["wrapped"], month_row["fingerprint"])
    month_key = ring.open_house_key(month_row["name"], month_row["generation"], wrapped)
    return Keys(subject=subject, month=month_key, pseudonym=ring.pseudonym(subject, month))


def _active(key: Row | None) -> Row:
    if key is None:
        raise KeyNotFoundError("a key for the entry in the log is missing")
    if not reading.key_is_active(key):
        raise KeyDestroyedError("a key for the entry in the log was destroyed")
    return key
