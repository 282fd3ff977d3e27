"""A citizen who goes from the log, step by step: their own key first, then the month's; every proof stays as it was."""

from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import select, text

from audit import read
from audit.errors import PayloadBrokenError
from audit.payload import open_with_subject
from audit.proof import verify_proof
from tests.vault.house import CARER, House
from tests.vault.proved import Proved, proved_vault
from tests.vault.test_verifying import month_now, on, proofs_hold
from vault import access, citizens, trail
from vault.access import Disclosure, Once
from vault.accountability import end_month
from vault.context import OPERATOR
from vault.erasure import destroy_keys
from vault.errors import KeyDestroyedError
from vault.keychain import AUDIT, audit_key, house_key, kept_month_key
from vault.keyring import WrappedKey
from vault.kinds import CitizenStatus
from vault.models import CitizenKey, HouseKey
from vault.release import Release
from vault.trail import Filters, Line

WHY = "Edith asked us to."


@dataclass
class Life:
    """What was done about one resident within a month, and what could be read of it then."""

    proved: Proved
    month: str
    officer: str
    """The account of the officer who looked."""
    own: dict[bytes, Line]
    audited: dict[bytes, Line]
    proofs: dict[bytes, str]
    keys: tuple[WrappedKey, WrappedKey]
    """The citizen's audit key and the month's key as an old back-up of the database holds them."""

    def read_again(self) -> dict[bytes, Line]:
        """What an auditor reads now of the same entries."""
        return {each: audited(self.proved, each) for each in self.audited}

    def found(self, **filters: str) -> list[bytes]:
        """What an auditor finds of the same entries."""
        self.proved.place()
        with self.proved.house.vault.reading(OPERATOR) as ctx:
            lines = trail.search(ctx, filters=Filters(**filters)).lines  # type: ignore[arg-type]
        return [line.leaf_hash for line in lines if line.leaf_hash in self.audited]


def audited(proved: Proved, leaf_hash: bytes) -> Line:
    with proved.house.vault.reading(OPERATOR) as ctx:
        return trail.entry(ctx, leaf_hash=leaf_hash)


@pytest.fixture
def life(house: House, tmp_path: Path) -> Life:
    proved, officer = proved_vault(house, tmp_path), house.officer()
    grant = house.grant()
    token = house.token(grant)
    seen = [
        house.read(token, acting=CARER),
        access.read_as_officer(house.vault, actor=officer, grant_id=grant.grant_id, fields=None),
        access.read_own(
            house.vault, actor=house.citizen, citizen_id=house.citizen_id, categories=frozenset({"allergy"})
        ),
    ]
    assert all(isinstance(each, Release) for each in seen)
    told = Disclosure(
        fields=frozenset({"medication.name"}),
        recipient="the pharmacy",
        why=WHY,
        on=house.clock().date(),
        once=Once(key="passed-on-once", request=b"once"),
    )
    access.report_with_token(house.vault, handle=token, proof=house.proof(), acting=CARER, told=told)
    house.withdraw(grant)
    proved.place()
    month = month_now(proved)
    with house.vault.reading(house.citizen) as ctx:
        own = {line.leaf_hash: line for line in trail.of_citizen(ctx, citizen_id=house.citizen_id, limit=100)}
        citizens_key = ctx.session.scalars(select(CitizenKey).where(CitizenKey.kind == AUDIT)).one()
        months_key = ctx.session.get_one(HouseKey, (f"month:{month}", 1))
        keys = tuple(WrappedKey(each.wrapped, each.fingerprint) for each in (citizens_key, months_key))
    with house.vault.db.read.connect() as connection:
        proofs = {each: read.tlog_proof(connection, each) for each in own}
    lines = {each: audited(proved, each) for each in own}
    return Life(proved, month, str(officer.account_id), own, lines, proofs, (keys[0], keys[1]))


def all_is_proved(life: Life) -> None:
    """The log is whole, every entry of it can be proved, and every proof that was given before still holds."""
    life.proved.place()
    for whole in (False, True):
        found = life.proved.verify(whole=whole)
        assert found.sound, (found.log.defects, found.rows)
    assert proofs_hold(life.proved)
    for leaf_hash, proof in life.proofs.items():
        verify_proof(proof, leaf_hash=leaf_hash, public_keys=[life.proved.signer.public_key])


def nobody_reads_the_citizen(life: Life) -> None:
    """No pseudonym and no value that names the citizen can be made or opened, by any key that is left."""
    house = life.proved.house
    with house.vault.reading(OPERATOR) as ctx:
        with pytest.raises(KeyDestroyedError):
            audit_key(ctx, citizen_id=house.citizen_id)
        with pytest.raises(KeyDestroyedError):
            trail.of_citizen(ctx, citizen_id=house.citizen_id)
        left = house_key(ctx)
        rows = [read.entry(ctx.session, each) for each in life.own]
    with pytest.raises(KeyDestroyedError):
        house.vault.keyring.open_citizen_key(house.citizen_id, AUDIT, 1, life.keys[0])
    for row in rows:
        assert row.payload is not None
        with pytest.raises(PayloadBrokenError):
            open_with_subject(row.payload, left)


def test_an_erased_citizen_goes_then_what_staff_did_and_every_proof_stays(life: Life) -> None:
    house = life.proved.house
    events = [line.event for line in life.own.values()]
    assert {"request:made", "request:decided", "grant:withdrawn", "record:opened"} <= set(events), events
    assert [line.facts["why"] for line in life.own.values() if line.event == "disclosure:reported"] == [WHY]
    assert WHY not in str(life.audited), "what names the citizen is the citizen's alone"
    looks = life.found(reference=CARER.reference) + life.found(reference=life.officer)
    assert len(looks) == 4
    on(life.proved, 62)
    all_is_proved(life)

    with house.vault.reading(OPERATOR) as ctx:
        person = trail.person_found(ctx, citizen_id=house.citizen_id, by="reference")
    assert set(life.found(person=person)) == set(life.audited)
    with house.vault.transaction(OPERATOR) as ctx:
        citizens.set_status(ctx, citizen_id=house.citizen_id, status=CitizenStatus.CLOSED)
    destroy_keys(house.vault, citizen_id=house.citizen_id)
    assert destroy_keys(house.vault, citizen_id=house.citizen_id, kind=AUDIT) == 1
    nobody_reads_the_citizen(life)
    assert life.found(person=person) == []
    assert life.found(reference=CARER.reference) + life.found(reference=life.officer) == looks
    assert life.read_again() == life.audited, "what was done, by whom and why, stays readable to auditors"
    assert str(house.citizen_id) not in str([line.facts for line in life.audited.values()])
    all_is_proved(life)

    end_month(house.vault, month=life.month)
    nobody_reads_the_citizen(life)
    closed = life.read_again().values()
    assert {(line.opened, line.who.reference, line.fields, str(line.facts)) for line in closed} == {
        (False, "", (), "{}")
    }
    assert life.found(reference=CARER.reference) + life.found(reference=life.officer) == []
    with house.vault.reading(OPERATOR) as ctx, pytest.raises(KeyDestroyedError):
        kept_month_key(ctx, life.month)
    with pytest.raises(KeyDestroyedError):
        house.vault.keyring.open_house_key(f"month:{life.month}", 1, life.keys[1])
    all_is_proved(life)
    with house.vault.db.read.connect() as connection:
        kept = connection.execute(text("SELECT count(*) FROM audit_entries")).scalar_one()
    assert kept > len(life.own), "not one entry left the log"
