"""The log as auditors read it: each their own part, found by what they know, and every search in the log itself."""

import csv
import io
import json
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text

from audit.copies import check_copy
from audit.events import Event
from audit.proof import verify_proof
from audit.signer import Signer
from tests.log_reading import told
from tests.vault.house import ALLOWED, CARE, House
from tests.vault.proved import place, signer_in
from vault import accounts, citizens, requests, services, trail
from vault.context import OPERATOR, Actor
from vault.errors import NotAllowedError, NotFoundError
from vault.housekeeping import keep_house
from vault.journal import note
from vault.kinds import Role
from vault.trail import Filters, Found, Line
from vault.trail.exporting import DANGEROUS, plain_cell


@dataclass(frozen=True)
class Desk:
    """The small vault with a second organisation, and an auditor of each."""

    house: House
    signer: Signer
    trust_service: UUID
    council_auditor: Actor
    trust_auditor: Actor

    def place(self) -> None:
        """Give every entry its place in the tree."""
        place(self.house.vault, self.signer)

    def found(self, who: Actor | None = None, *, before: str | None = None, limit: int = 200, **given: Any) -> Found:
        """What an auditor (the council's) finds."""
        self.place()
        with self.house.vault.reading(who or self.council_auditor) as ctx:
            return trail.search(ctx, filters=Filters(**given), before=before, limit=limit)

    def events(self, who: Actor | None = None, **given: Any) -> list[str]:
        """The events among what an auditor finds, without their own searches."""
        return [line.event for line in self.found(who, **given).lines if not line.event.startswith("audit:")]

    def ask_as_trust(self) -> None:
        """Let the trust's service ask for the resident."""
        hint = requests.Hint.parse("nhs:9434765919:1944-03-02")
        actor = Actor(kind="service", service_id=self.trust_service, organisation_id=self.trust_auditor.organisation_id)
        with self.house.vault.transaction(actor) as ctx:
            asked = requests.Ask(service_id=self.trust_service, hint=hint, purpose=CARE, fields=ALLOWED)
            requests.ask(ctx, asked=asked)


def _auditor(house: House, organisation_id: UUID) -> Actor:
    with house.vault.transaction(OPERATOR) as ctx:
        return accounts.make(ctx, role=Role.AUDITOR, organisation_id=organisation_id).actor()


@pytest.fixture
def desk(house: House, tmp_path: Path) -> Desk:
    """The desk."""
    with house.vault.transaction(OPERATOR) as ctx:
        trust = services.make_organisation(ctx, slug="trust", name="Example Trust", kind="nhs").organisation_id
        service = services.make_service(
            ctx, organisation_id=trust, slug="ward", name="Ward", jwks={"keys": []}, purposes=[CARE]
        )
        citizens.add_identity(ctx, citizen_id=house.citizen_id, nhs_number="9434765919", birth_date=date(1944, 3, 2))
        note(ctx, Event.CITIZEN_LINKED, citizen_id=house.citizen_id, facts={})
    signer = signer_in(house.vault, tmp_path)
    council, trust_auditor = _auditor(house, house.council_id), _auditor(house, trust)
    return Desk(house, signer, service.service_id, council, trust_auditor)


def test_the_councils_auditor_reads_the_whole_log_and_another_ones_only_their_own_part(desk: Desk) -> None:
    desk.house.grant()
    desk.ask_as_trust()
    everything = desk.events()
    assert {"grant:made", "request:decided", "citizen:made", "request:made", "registry:changed"} <= set(everything)
    mine = desk.found(desk.trust_auditor)
    assert {line.event for line in mine.lines} == {"request:made"}
    assert {line.who.organisation_name for line in mine.lines} == {"Example Trust"}


def test_an_entry_of_another_organisation_looks_like_one_that_is_not_there(desk: Desk) -> None:
    desk.house.grant()
    desk.ask_as_trust()
    everything = {line.event: line for line in desk.found().lines}
    with desk.house.vault.reading(desk.trust_auditor) as ctx:
        for foreign in (everything["grant:made"].leaf_hash, everything["citizen:made"].leaf_hash, bytes(32)):
            with pytest.raises(NotFoundError, match=r"^there is no such line$"):
                trail.entry(ctx, leaf_hash=foreign)
    (own,) = [line for line in desk.found(desk.trust_auditor).lines if line.event == "request:made"]
    with desk.house.vault.reading(desk.trust_auditor) as ctx:
        assert trail.entry(ctx, leaf_hash=own.leaf_hash).event == "request:made"


def test_counts_and_exports_are_cut_like_the_search(desk: Desk) -> None:
    desk.house.grant()
    desk.ask_as_trust()
    desk.place()
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        trail.catch_up(ctx.vault)
        whole = trail.holding(ctx, filters=Filters())
    with desk.house.vault.reading(desk.trust_auditor) as ctx:
        assert trail.holding(ctx, filters=Filters()) == 1
        exported = trail.export(ctx, filters=Filters())
    assert whole > 10
    assert [found["event"] for found in json.loads(exported.files["entries.json"])] == ["request:made"]
    assert str(desk.house.service_id) not in b"".join(exported.files.values()).decode()


def test_a_place_that_was_turned_to_another_organisation_shows_nothing_of_it(desk: Desk) -> None:
    desk.house.grant()
    desk.found()
    with desk.house.vault.db.write.begin() as connection:
        trust = desk.trust_auditor.organisation_id
        assert trust is not None
        value = trust.hex if desk.house.vault.db.is_sqlite else str(trust)
        connection.execute(text("UPDATE log_lines SET organisation_id = :to"), {"to": value})
    assert desk.found(desk.trust_auditor).lines == ()


def test_nobody_but_an_auditor_searches_and_that_is_logged(desk: Desk) -> None:
    for who in (desk.house.citizen, desk.house.service):
        with desk.house.vault.reading(who) as ctx, pytest.raises(NotAllowedError):
            trail.search(ctx)
    assert [entry.facts["action"] for entry in told(desk.house.vault, "record:refused")] == ["review-log"] * 2


def test_an_auditor_without_an_organisation_reads_nothing(desk: Desk) -> None:
    lost = Actor(kind="auditor", account_id=desk.council_auditor.account_id)
    with desk.house.vault.reading(lost) as ctx, pytest.raises(NotAllowedError):
        trail.search(ctx)


def test_each_filter_finds_what_it_names(desk: Desk) -> None:
    grant = desk.house.grant()
    desk.house.read(desk.house.token(grant))
    desk.house.read(desk.house.token(grant), frozenset({"condition.name"}))
    desk.ask_as_trust()
    looked = "record:opened"
    assert desk.events(event=looked) == [looked]
    assert desk.events(outcome="refused") == ["record:refused"]
    assert "record:refused" not in desk.events(outcome="done")
    assert desk.events(reference=" HC-0417 ") == ["record:refused", looked]
    assert desk.events(reference="hc-0418") == []
    assert desk.events(service_id=desk.trust_service) == ["request:made"]
    assert set(desk.events(grant_id=grant.grant_id)) >= {"grant:made", looked, "token:issued"}
    assert {line.purpose for line in desk.found(purpose=CARE).lines} == {CARE}
    today = desk.house.clock().date()
    assert desk.events(since=today, until=today) == desk.events()
    assert desk.events(since=today + timedelta(days=1)) == []
    assert desk.events(until=today - timedelta(days=1)) == []


def test_pages_follow_one_another_to_the_end_without_a_gap(desk: Desk) -> None:
    desk.house.grant()
    whole = desk.found(outcome="done", until=desk.house.clock().date())
    seen: list[Line] = []
    before: str | None = None
    while True:
        page = desk.found(before=before, limit=5)
        seen += page.lines
        before = page.older
        if before is None:
            break
    older = [line.leaf_hash for line in seen if not line.event.startswith("audit:searched")]
    assert older == [line.leaf_hash for line in whole.lines if not line.event.startswith("audit:searched")]


def test_a_place_in_the_list_that_is_none_begins_anew(desk: Desk) -> None:
    newest = desk.found(outcome="done", until=desk.house.clock().date()).lines[0]
    for cursor in ("", "x", "1-2", "1-2-x", "9" * 40 + "-0-0", "1-2-3-4", "-1-0-0", "²-0-0"):
        assert newest in desk.found(before=cursor).lines


def find(desk: Desk, who: Actor | None = None) -> str:
    """A handle for the house's resident, whom the council's system knows."""
    with desk.house.vault.reading(who or desk.council_auditor) as ctx:
        return trail.find_person(ctx, organisation_id=desk.house.council_id, system="pas", reference="E-1")


def test_one_persons_lines_are_found_and_they_can_see_that_they_were_looked_for(desk: Desk) -> None:
    desk.house.grant()
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        by_number = trail.person_found(ctx, citizen_id=desk.house.citizen_id, by="nhs-number")
    for handle in (find(desk), by_number):
        assert str(desk.house.citizen_id) not in handle
        events = desk.events(person=handle)
        assert {"grant:made", "citizen:made"} <= set(events)
        assert "registry:changed" not in events
    with desk.house.vault.reading(desk.house.citizen) as ctx:
        lines = trail.of_citizen(ctx, citizen_id=desk.house.citizen_id)
    assert [line.event for line in lines[:4]] == ["audit:searched"] * 4
    searched = [entry.facts for entry in told(desk.house.vault, "audit:searched")]
    assert {facts.get("person_by") for facts in searched} == {"reference", "nhs-number", None}
    assert "E-1" not in json.dumps(searched)


def test_a_person_who_is_not_known_is_not_found_and_that_is_logged(desk: Desk) -> None:
    with desk.house.vault.reading(desk.council_auditor) as ctx, pytest.raises(NotFoundError):
        trail.person_found(ctx, citizen_id=None, by="nhs-number")
    with pytest.raises(NotFoundError):
        find(desk, desk.trust_auditor)
    assert [entry.facts["found"] for entry in told(desk.house.vault, "audit:searched")] == [False, False]


def test_an_auditor_elsewhere_finds_by_number_only_whom_their_own_organisation_knows(desk: Desk) -> None:
    house, trust = desk.house, desk.trust_auditor.organisation_id
    assert trust is not None
    with house.vault.reading(desk.trust_auditor) as ctx, pytest.raises(NotFoundError):
        trail.person_found(ctx, citizen_id=house.citizen_id, by="nhs-number")
    assert [entry.facts["found"] for entry in told(house.vault, "audit:searched")] == [False]
    with house.vault.transaction(OPERATOR) as ctx:
        citizens.add_reference(
            ctx, citizen_id=house.citizen_id, organisation_id=trust, system="epr", value="7", verified_how="in person"
        )
        note(ctx, Event.CITIZEN_LINKED, citizen_id=house.citizen_id, facts={})
    with house.vault.reading(desk.trust_auditor) as ctx:
        assert trail.person_found(ctx, citizen_id=house.citizen_id, by="nhs-number")


def test_nobody_but_an_auditor_looks_for_a_person(desk: Desk) -> None:
    with pytest.raises(NotAllowedError):
        find(desk, desk.house.service)


def test_a_handle_is_good_for_one_auditor_and_half_a_day(desk: Desk) -> None:
    handle = find(desk)
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        assert trail.person_behind(ctx, handle) == desk.house.citizen_id
    for broken in (handle[:-4], "A" * 120, "", "é"):
        with desk.house.vault.reading(desk.council_auditor) as ctx, pytest.raises(NotFoundError):
            trail.person_behind(ctx, broken)
    with desk.house.vault.reading(desk.trust_auditor) as ctx, pytest.raises(NotFoundError):
        trail.person_behind(ctx, handle)
    desk.house.clock.ahead = timedelta(hours=13)
    with desk.house.vault.reading(desk.council_auditor) as ctx, pytest.raises(NotFoundError):
        trail.person_behind(ctx, handle)


def test_every_search_and_look_of_an_auditor_is_in_the_log_before_it_is_answered(desk: Desk) -> None:
    (line, *_) = desk.found(event="citizen:made").lines
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        trail.entry(ctx, leaf_hash=line.leaf_hash)
        trail.export(ctx, filters=Filters(event="citizen:made"))
    entries = told(desk.house.vault, "audit:searched", "audit:opened", "audit:exported")
    assert [entry.event for entry in entries] == ["audit:searched", "audit:opened", "audit:exported"]
    assert entries[0].facts["filters"] == {"event": "citizen:made"}
    assert entries[1].facts["entry"] == line.leaf_hash.hex()


def test_an_export_proves_itself_with_its_files_alone(desk: Desk) -> None:
    desk.house.grant()
    desk.place()
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        exported = trail.export(ctx, filters=Filters())
    files = exported.files
    key = bytes.fromhex(files["public-key.txt"].decode())
    entries = json.loads(files["entries.json"])
    assert len(entries) == exported.entries > 10
    for entry in entries:
        name = entry["leaf_hash"]
        verify_proof(files[f"proofs/{name}.tlog-proof"].decode(), leaf_hash=bytes.fromhex(name), public_keys=[key])
    assert "Edith" not in b"".join(files.values()).decode()
    signer = desk.house.vault.keyring.store.public_key("receipt")
    said, wrong = check_copy(files, log_keys=[key], signer=signer)
    assert (said["entries"], wrong) == (exported.entries, [])


def test_an_export_that_was_changed_cut_or_added_to_anywhere_is_named(desk: Desk) -> None:
    desk.place()
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        files = trail.export(ctx, filters=Filters(event="citizen:made")).files
    store = desk.house.vault.keyring.store
    keys: dict[str, Any] = {"log_keys": [store.public_key("log")], "signer": store.public_key("receipt")}
    assert check_copy(files, **keys)[1] == []
    for name, content in files.items():
        for changed in (content[:-1] + bytes([content[-1] ^ 1]), bytes([content[0] ^ 1]) + content[1:], content[:-2]):
            assert check_copy({**files, name: changed}, **keys)[1], name
        assert check_copy({other: held for other, held in files.items() if other != name}, **keys)[1], name
    assert check_copy({**files, "more.txt": b""}, **keys)[1] == ["more.txt was added"]
    assert check_copy(files, **{**keys, "signer": store.public_key("log")})[1]
    assert check_copy(files, **{**keys, "log_keys": [store.public_key("receipt")]})[1]


def test_no_cell_of_an_export_is_a_formula(desk: Desk) -> None:
    for begin in DANGEROUS:
        assert plain_cell(begin + "1+1")[0] == "'"
    nasty = "=HYPERLINK(1)"
    with desk.house.vault.transaction(desk.house.service) as ctx:
        note(ctx, Event.RECORD_OPENED, facts={"acting": {"reference": nasty, "role": "@x", "team": "+y"}})
    desk.place()
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        exported = trail.export(ctx, filters=Filters(event="record:opened"))
    (row,) = csv.DictReader(io.StringIO(exported.files["entries.csv"].decode("utf-8-sig")))
    assert (row["staff_reference"], row["role"], row["team"]) == ("'" + nasty, "'@x", "'+y")


def test_a_line_that_was_changed_is_never_called_whole(desk: Desk) -> None:
    line = desk.found(event="citizen:made").lines[0]
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        assert trail.check(ctx, leaf_hash=line.leaf_hash).included
    with desk.house.vault.db.write.begin() as connection:
        sql = text("UPDATE audit_entries SET leaf = :leaf WHERE leaf_hash = :hash")
        leaf = next(entry.leaf for entry in told(desk.house.vault) if entry.event == "citizen:made")
        connection.execute(
            sql, {"leaf": leaf.replace(b'"actor":"operator"', b'"actor":"operatos"'), "hash": line.leaf_hash}
        )
    with desk.house.vault.reading(desk.council_auditor) as ctx:
        checked = trail.check(ctx, leaf_hash=line.leaf_hash)
    assert (checked.included, checked.pending) == (False, False)


def test_details_that_were_changed_are_said_not_to_open(desk: Desk) -> None:
    desk.found()
    with desk.house.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE audit_payloads SET payload = :junk"), {"junk": b"junk"})
    line = desk.found(event="citizen:made").lines[0]
    assert not line.opened
    with desk.house.vault.reading(desk.house.citizen) as ctx:
        assert not trail.of_citizen(ctx, citizen_id=desk.house.citizen_id)[-1].opened


def test_places_can_be_made_anew_at_any_time(desk: Desk) -> None:
    desk.house.grant()
    before = desk.events()
    with desk.house.vault.db.write.begin() as connection:
        connection.execute(text("DELETE FROM log_lines"))
    keep_house(desk.house.vault)
    desk.place()
    assert desk.events() == before
