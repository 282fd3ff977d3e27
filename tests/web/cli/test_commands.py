import json
import os
import socket
import sqlite3
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pytest

from web.cli import main
from web.demo import council, registry
from web.demo.extracts import HOSPITAL

TODAY = date(2026, 3, 14)


@dataclass(frozen=True)
class Said:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, object]:
        found = json.loads(self.out)
        assert isinstance(found, dict)
        return found


Run = Callable[..., Said]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in [name for name in os.environ if name.startswith("CITIZEN_VAULT_") and "TEST" not in name]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("CITIZEN_VAULT_HOME", str(tmp_path / "home"))
    return tmp_path / "home"


@pytest.fixture
def run(home: Path, capsys: pytest.CaptureFixture[str]) -> Run:
    """Runs one command as the shell would."""

    def _run(*arguments: str | Path) -> Said:
        with pytest.raises(SystemExit) as end:
            main([str(argument) for argument in arguments])
        printed = capsys.readouterr()
        return Said(int(end.value.code or 0), printed.out, printed.err)

    return _run


@pytest.fixture
def laid(run: Run) -> Run:
    """The same, on a vault with the example registry."""
    assert run("init", "--example-registry").status == 0
    return run


@pytest.fixture
def bundles(tmp_path: Path) -> Path:
    people = [person for person in council.residents(today=TODAY) if person.slug in {"edith", "poppy"}]
    council.write(tmp_path / "files", people, today=TODAY)
    return council.folder_of(tmp_path / "files", HOSPITAL)


FROM_HOSPITAL = ("--from", "example-hospital", "--system", "ward-system", "--purpose", "receive-health-record")


def test_init_again_changes_nothing(laid: Run) -> None:
    again = laid("init", "--example-registry")
    assert again.status == 0
    assert "0 organisations, 0 purposes, 0 services added" in again.out


def test_a_command_before_init_says_what_to_do(run: Run) -> None:
    answer = run("service", "list")
    assert answer.status == 1
    assert "key store" in answer.err
    assert "Traceback" not in answer.err


def test_a_malformed_setting_stops_every_command(laid: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CITIZEN_VAULT_ISSUER", "ftp://nowhere")
    answer = laid("service", "list")
    assert answer.status == 2
    assert "CITIZEN_VAULT_ISSUER" in answer.err


def test_the_example_hospital_imports_at_once_and_again_changes_nothing(laid: Run, bundles: Path) -> None:
    first = laid("import", bundles, *FROM_HOSPITAL, "--json")
    assert first.status == 0
    assert first.json["files"] == 3
    assert first.json["people"] == {"new": 2}
    second = laid("import", bundles, *FROM_HOSPITAL, "--json").json
    assert set(second["items"]) == {"same"}  # type: ignore[call-overload]


def test_a_bad_file_is_named_and_the_rest_goes_on(laid: Run, bundles: Path) -> None:
    (bundles / "broken.json").write_text('{"resourceType": ', encoding="utf-8")
    answer = laid("import", bundles, *FROM_HOSPITAL)
    assert answer.status == 1
    assert "broken.json" in answer.out
    assert "4 files read, 1 with errors" in answer.out


@pytest.mark.parametrize(
    "order",
    [
        ("--from", "nobody", "--system", "s", "--purpose", "receive-health-record"),
        ("--from", "example-hospital", "--system", "s", "--purpose", "home-care-support"),
        ("--from", "example-hospital", "--system", "s", "--purpose", "nothing"),
    ],
    ids=["unknown organisation", "purpose that receives nothing", "unknown purpose"],
)
def test_an_import_without_a_ground_is_refused(laid: Run, bundles: Path, order: tuple[str, ...]) -> None:
    answer = laid("import", bundles, *order)
    assert answer.status == 1
    assert "Traceback" not in answer.err
    assert laid("citizen", "list").out == "none\n"


def test_citizens_are_listed_without_a_name_or_number(laid: Run, bundles: Path) -> None:
    laid("import", bundles, *FROM_HOSPITAL)
    listed = laid("citizen", "list", "--status", "child").out
    citizen_id = listed.splitlines()[1].split()[0]
    shown = laid("citizen", "show", citizen_id, "--json")
    assert shown.json["status"] == "child"
    assert "Poppy" not in listed + shown.out
    assert laid("citizen", "status", citizen_id, "moved").status == 0
    assert laid("citizen", "show", citizen_id, "--json").json["status"] == "moved"


def test_a_service_is_registered_with_public_keys_only(laid: Run, tmp_path: Path, home: Path) -> None:
    options = ("--organisation", "ferndale-council", "--name", "Libraries", "--purpose", "blue-badge")
    private = home / registry.KEY_FOLDER / "home-care.json"
    refused = laid("service", "add", "libraries", *options, "--jwks", private)
    assert refused.status == 2
    assert "private" in refused.err
    public = tmp_path / "public.json"
    public.write_text(json.dumps(registry.make_keys(tmp_path / "own.json")), encoding="utf-8")
    assert laid("service", "add", "libraries", *options, "--jwks", public).status == 0
    assert laid("service", "keys", "libraries", public).status == 0
    assert laid("service", "suspend", "libraries").status == 0
    assert "suspended" in laid("service", "list").out
    assert laid("service", "suspend", "libraries", "--lift").status == 0
    assert "suspended" not in laid("service", "list").out


def test_an_organisation_and_a_purpose_are_added_from_what_others_show(laid: Run, tmp_path: Path) -> None:
    assert laid("organisation", "add", "hill-surgery", "--name", "Hill Surgery", "--kind", "nhs").status == 0
    assert "hill-surgery" in laid("organisation", "list").out
    text = registry.FILE.read_text(encoding="utf-8").replace('slug = "blue-badge"', 'slug = "red-badge"')
    file = tmp_path / "purpose.toml"
    file.write_text("[[purpose]]" + text.split("[[purpose]]")[7].split("[[service]]")[0], encoding="utf-8")
    assert laid("purpose", "add", file).status == 0
    assert laid("purpose", "show", "red-badge", "--json").json["choice"] == "decide"
    file.write_text("slug = 1", encoding="utf-8")
    assert laid("purpose", "add", file).status == 2


def test_the_record_of_processing_names_who_gets_what_and_why(laid: Run) -> None:
    found = json.loads(laid("registry", "ropa", "--json").out)
    council_tax = next(each for each in found if each["activity"] == "Council tax")
    assert council_tax["basis"] == "6(1)(c)"
    assert council_tax["recipients"] == ["Council tax, Ferndale Borough Council"]
    assert council_tax["basis_dpv"] == "eu-gdpr:A6-1-c"
    needed = {"controllers", "purpose", "data_subjects", "categories_of_data", "recipients", "transfers_abroad"}
    needed |= {"retention_in_the_vault", "retention_by_recipient", "security"}  # UK GDPR Art. 30(1)(a) to (g)
    assert all(activity[name] not in (None, "") for activity in found for name in needed)


def test_what_the_operator_changes_alone_is_said_and_listed(laid: Run) -> None:
    stopped = laid("service", "suspend", "home-care")
    assert "alone by the operator" in stopped.err
    assert "nothing changed" in laid("service", "suspend", "home-care").out
    assert laid("registry", "changes").out.strip() == "nothing waits for a second person"
    newest = json.loads(laid("registry", "changes", "--all", "--json").out)[0]
    assert (newest["kind"], newest["by"], newest["state"]) == ("service-suspended", "operator", "applied")


def test_verify_names_a_row_that_was_altered(laid: Run, home: Path) -> None:
    whole = laid("audit", "verify")
    assert whole.status == 0
    assert "every row is as the log says" in whole.out
    with sqlite3.connect(home / "vault.db") as database:
        database.execute("UPDATE services SET name = 'Somebody else' WHERE slug = 'home-care'")
    broken = laid("audit", "verify", "--json")
    assert broken.status == 1
    tables = broken.json["tables"]
    assert isinstance(tables, dict)
    assert {defect["table"] for defect in tables["defects"]} == {"services"}


def test_an_export_verifies_without_the_vault_and_a_changed_one_does_not(
    laid: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported = laid("audit", "export", tmp_path / "log")
    key = exported.out.split()[-1]
    monkeypatch.setenv("CITIZEN_VAULT_HOME", str(tmp_path / "elsewhere"))
    assert laid("audit", "verify", tmp_path / "log", "--key", key).status == 0
    tile = next(path for path in (tmp_path / "log").rglob("*") if path.is_file() and "entries" in str(path))
    damaged = bytearray(tile.read_bytes())
    damaged[40] ^= 1
    tile.write_bytes(damaged)
    assert laid("audit", "verify", tmp_path / "log", "--key", key).status == 1
    assert laid("audit", "verify", tmp_path / "log").status == 2


def test_a_database_put_back_is_noticed_and_recovery_declares_the_gap(laid: Run, home: Path) -> None:
    laid("audit", "checkpoint")
    yesterday = (home / "vault.db").read_bytes()
    laid("organisation", "add", "hill-surgery", "--name", "Hill Surgery")
    laid("audit", "checkpoint")
    for left in home.glob("vault.db-*"):
        left.unlink()
    (home / "vault.db").write_bytes(yesterday)
    refused = laid("audit", "checkpoint")
    assert refused.status == 1
    assert "signed" in refused.err
    recovered = laid("audit", "recover", "--yes")
    assert recovered.status == 0
    assert "opened citizen-vault/1" in recovered.out
    assert laid("audit", "recover", "--yes").status == 1
    assert laid("audit", "checkpoint").out.splitlines()[0] == "citizen-vault/1"


def test_the_checkpoint_is_a_signed_note_and_an_unknown_entry_has_no_proof(laid: Run) -> None:
    note = laid("audit", "checkpoint").out.splitlines()
    assert note[0] == "citizen-vault"
    assert note[4].startswith("— citizen-vault ")
    assert laid("audit", "proof", "00" * 32).status == 1
    assert laid("audit", "proof", "nonsense").status == 2


def test_a_rotated_root_key_opens_everything_that_the_old_one_did(laid: Run, bundles: Path) -> None:
    laid("import", bundles, *FROM_HOSPITAL)
    before = laid("keys", "describe", "--json").json
    for _ in range(2):
        assert laid("keys", "rotate", "--yes", "--destroy-old").status == 0
    after = laid("keys", "describe", "--json").json
    assert after["fingerprint"] == before["fingerprint"]
    assert after["root_version"] == 3
    assert after["destroyed_versions"] == [1]
    again = laid("import", bundles, *FROM_HOSPITAL, "--json")
    assert set(again.json["items"]) == {"same"}  # type: ignore[call-overload]
    assert laid("audit", "verify").status == 0


def test_an_enrolment_link_takes_two_people_once_there_are_two(laid: Run) -> None:
    staff = ("--role", "administrator", "--organisation", "ferndale-council", "--staff", "Sanjay", "admin", "Digital")
    for _ in range(2):
        made = laid("enrol-link", *staff)
        assert made.status == 0
        assert made.out.startswith("http://localhost:8000/link/")
    refused = laid("enrol-link", *staff)
    assert refused.status == 1
    assert "there are two administrators" in refused.err
    assert "another approves" in refused.err
    resident = laid("enrol-link", "--citizen", "00000000-0000-4000-8000-000000000000")
    assert (resident.status, "letter-code" in resident.err) == (1, True)
    assert laid("enrol-link").status == 2


def test_a_letter_is_printed_for_a_resident_and_for_nobody_unknown(laid: Run) -> None:
    unknown = laid("letter-code", "--citizen", "00000000-0000-4000-8000-000000000000")
    assert (unknown.status, unknown.out) == (1, "")
    assert laid("letter-code").status == 2


def test_a_wrong_key_store_is_told_at_once(laid: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = os.environ["CITIZEN_VAULT_HOME"] + "/vault.db"
    monkeypatch.setenv("CITIZEN_VAULT_HOME", str(tmp_path / "other"))
    assert laid("init").status == 0
    monkeypatch.setenv("CITIZEN_VAULT_DATABASE_URL", f"sqlite:///{database}")
    answer = laid("service", "list")
    assert answer.status == 1
    assert "CITIZEN_VAULT_ROOT_KEY" in answer.err


def test_a_vault_that_is_no_demo_is_neither_filled_nor_deleted(laid: Run, home: Path) -> None:
    assert laid("demo").status == 1
    assert laid("demo", "--reset", "--yes").status == 1
    assert (home / "vault.db").exists()


def test_a_demo_is_kept_until_it_is_begun_anew_and_an_unfinished_one_is_begun_again(run: Run, home: Path) -> None:
    made = run("demo")
    assert made.status == 0
    assert "14 residents" in made.out
    key = (home / "keys" / "sign-log").read_bytes()
    kept = run("demo", "--links")
    assert kept.status == 0
    assert "is kept as it is" in kept.out
    assert kept.out.count("http://localhost:8000/link/") == 4
    assert (home / "keys" / "sign-log").read_bytes() == key
    (home / "demo" / "story.json").unlink()
    again = run("demo", "--residents", "16")
    assert again.status == 0
    assert "16 residents" in again.out
    assert (home / "keys" / "sign-log").read_bytes() != key
    assert run("audit", "verify").status == 0


def test_policies_are_checked_and_put_in_words(run: Run, tmp_path: Path) -> None:
    assert run("policy", "check").status == 0
    assert run("policy", "check", tmp_path).status == 1
    assert "permit" in run("policy", "explain").out
    assert run("policy", "explain", "no-such-rule").status == 1


def test_nothing_is_disposed_of_before_its_day(laid: Run, bundles: Path) -> None:
    laid("import", bundles, *FROM_HOSPITAL)
    assert laid("citizen", "dispose", "--dry-run").out.strip() == "none"
    assert laid("citizen", "dispose", "--yes", "--json").json == {"due": [], "disposed": 0}


def test_destroying_keys_asks_for_the_id_twice_and_leaves_a_whole_log(laid: Run, bundles: Path) -> None:
    laid("import", bundles, *FROM_HOSPITAL)
    citizen_id = laid("citizen", "list").out.splitlines()[1].split()[0]
    other = "00000000-0000-4000-8000-000000000000"
    assert laid("keys", "destroy", citizen_id, "--again", other, "--yes").status == 2
    assert laid("citizen", "status", citizen_id, "closed").status == 0
    assert laid("keys", "destroy", citizen_id, "--again", citizen_id, "--yes").status == 0
    assert laid("audit", "verify").status == 0


def test_a_new_issuer_key_signs_in_a_while_and_a_second_one_must_wait(laid: Run) -> None:
    assert laid("keys", "rotate-issuer", "--yes").out.startswith("issuer-2 signs from ")
    refused = laid("keys", "rotate-issuer", "--yes")
    assert (refused.status, "wait until then" in refused.err) == (1, True)
    assert laid("audit", "verify").status == 0


def test_a_service_is_met_where_it_says_and_nowhere_without_https(laid: Run) -> None:
    slug = str(json.loads(laid("service", "list", "--json").out)[0]["slug"])
    said = laid("service", "addresses", slug, "--back", "https://care.example/back")
    assert (said.status, said.out) == (0, f"service {slug} is met there\n")
    assert "nothing changed" in laid("service", "addresses", slug, "--back", "https://care.example/back").out
    for bad in (
        "http://care.example/back",
        "https://care.example/#a",
        "https://me@care.example/",
        "https://*.example/",
    ):
        assert laid("service", "addresses", slug, "--back", bad).status != 0
    assert laid("audit", "verify").status == 0


def test_where_a_service_is_told_is_a_public_address_and_a_test_says_whether_it_is_taken(
    laid: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    addresses = ("service", "addresses", "home-care", "--events-at")
    for private in ("https://10.0.0.1/told", "https://localhost/told", "http://care.example.org/told"):
        assert laid(*addresses, private).status == 2
    assert laid("service", "test-event", "home-care").status == 1
    monkeypatch.setenv("CITIZEN_VAULT_OUTGOING_NETWORKS", "127.0.0.0/8")
    with socket.socket() as held:
        held.bind(("127.0.0.1", 0))
        assert laid(*addresses, f"http://127.0.0.1:{held.getsockname()[1]}/told").status == 0
        tried = laid("service", "test-event", "home-care")
    assert tried.status == 1
    assert "Nobody answered at its address" in tried.err
    told = json.loads(laid("service", "told", "home-care", "--json").out)
    assert [(each["event"], each["state"], each["tries"]) for each in told] == [("test:sent", "waiting", 1)]
