import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from vault import accounts, birthdays, cases, counts, grants, holding, requests, trail, withholding
from vault.context import OPERATOR, Vault
from vault.kinds import Decider, GrantState, RequestState
from web.app import create_app
from web.config import Config
from web.demo import doors, note, setting_up, tampering
from web.demo.extracts import HOSPITAL, SOURCES
from web.demo.note import NotADemoError, Note
from web.opening import created


@dataclass(frozen=True)
class Demo:
    config: Config
    vault: Vault
    note: Note


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    home = tmp_path_factory.mktemp("demo")
    config = Config.from_environment({"CITIZEN_VAULT_HOME": str(home), "CITIZEN_VAULT_DEMO": "1"})
    with created(config) as vault:
        yield Demo(config, vault, setting_up.begin(vault, home=home))


@pytest.fixture
def browser(demo: Demo) -> FlaskClient:
    return create_app(demo.config, demo.vault).test_client()


def _token(page: str) -> str:
    found = re.search(r'name="csrf_token" value="([^"]+)"', page)
    assert found is not None
    return found[1]


def _be(browser: FlaskClient, slug: str) -> str:
    """Click the button that makes the browser *slug*; the page it leads to."""
    page = browser.get("/demo").text
    answer = browser.post(f"/demo/be/{slug}", data={"csrf_token": _token(page)}, follow_redirects=True)
    assert answer.status_code == 200
    return answer.text


def _look(browser: FlaskClient, page: str) -> str:
    """Press the button on *page* that looks; what is shown."""
    found = re.search(r'action="([^"]+/look)"', page)
    assert found is not None
    return browser.post(found[1], data={"csrf_token": _token(page)}, follow_redirects=True).text


def test_everybody_is_taken_in_once_and_nothing_is_left_on_the_tray(demo: Demo) -> None:
    assert set(demo.note.citizens) == {"harold", "poppy"} | {
        slug for slug in demo.note.accounts if slug in demo.note.citizens
    }
    files = demo.config.home / "demo" / "files"
    for source in (*SOURCES, HOSPITAL):
        summary = setting_up.bring_in(demo.vault, files=files, source=source)
        assert set(summary.items) == {"same"}, source
        assert not summary.unmatched
        assert not summary.failed
        assert not summary.notices


def test_a_child_and_a_person_who_died_have_no_account(demo: Demo) -> None:
    assert not {"poppy", "harold"} & set(demo.note.accounts)
    assert {"edith", "callum", "carer", "auditor", "administrator", "second-administrator"} <= set(demo.note.accounts)


def test_who_was_imported_is_expected_to_grow_up_and_not_opened_before_the_day(demo: Demo) -> None:
    assert birthdays.keep(demo.vault) == 0
    with demo.vault.reading(OPERATOR) as ctx:
        for slug in ("poppy", "callum"):
            told = trail.of_citizen(ctx, citizen_id=demo.note.citizens[slug], limit=100)
            assert "age:checked" not in {line.event for line in told}


def test_requests_wait_shares_run_and_looks_can_be_read(demo: Demo) -> None:
    with demo.vault.reading(OPERATOR) as ctx:
        edith = demo.note.citizens["edith"]
        waiting = requests.waiting(ctx, citizen_id=edith)
        assert [request.service.slug for request in waiting] == ["home-care"]
        assert len(requests.waiting(ctx, citizen_id=demo.note.citizens["stanley"])) == 2
        found = grants.of_citizen(ctx, citizen_id=edith)
        assert {grant.state for grant in found} == {GrantState.ACTIVE}
        assert [grant.purpose.slug for grant in found if grant.can_object and not grant.can_stop] == ["council-tax"]
        events = [line.event for line in trail.of_citizen(ctx, citizen_id=edith, limit=100)]
        assert "record:opened" in events
        assert "record:refused" in events


def test_one_decision_was_spoken_and_one_request_was_refused(demo: Demo) -> None:
    with demo.vault.reading(OPERATOR) as ctx:
        spoken = grants.of_citizen(ctx, citizen_id=demo.note.citizens["gwenllian"])
        assert sorted(grant.decided_by for grant in spoken) == [Decider.SPOKEN, Decider.STATUTORY]
        refused = requests.of_citizen(ctx, citizen_id=demo.note.citizens["priya"])
        assert [request.state for request in refused] == [RequestState.DENIED]


def test_one_item_is_held_back_from_its_owner_who_sees_no_hint_of_it(demo: Demo, browser: FlaskClient) -> None:
    stanley = demo.note.citizens["stanley"]
    with demo.vault.reading(OPERATOR) as ctx:
        (held,) = withholding.of_citizen(ctx, citizen_id=stanley)
        kept = len([each for each in withholding.candidates(ctx, citizen_id=stanley) if each.category == "care_needs"])
        counted = {each.category: each.items for each in counts.of_citizen(ctx, citizen_id=stanley)}
    assert held.until > demo.vault.clock()
    assert counted["care_needs"] == kept - 1
    _be(browser, "stanley")
    own = browser.get("/record/care_needs").text
    assert "Shopping, meals" in own
    assert "loss of money" not in own


def test_the_tables_are_as_the_log_says(demo: Demo) -> None:
    with demo.vault.snapshot(OPERATOR) as ctx:
        assert holding.hold(ctx.session).defects == ()


@pytest.mark.parametrize("trick", tampering.TRICKS)
def test_every_trick_on_a_copy_is_named_and_the_original_stays_whole(demo: Demo, trick: str) -> None:
    found = tampering.try_out(demo.vault, trick=trick, folder=demo.config.home / "demo")
    assert found.named
    assert not list((demo.config.home / "demo").glob("tmp*"))
    with demo.vault.snapshot(OPERATOR) as ctx:
        assert holding.hold(ctx.session).defects == ()


def test_the_story_page_answers_strangers_and_offers_everybody(browser: FlaskClient) -> None:
    page = browser.get("/demo")
    assert page.status_code == 200
    assert page.text.count("<form") >= 20
    assert "Edith decides" in page.text


@pytest.mark.parametrize(("slug", "word"), [("edith", "Requests"), ("carer", "Shared with us"), ("auditor", "The log")])
def test_one_click_makes_the_browser_somebody_else(browser: FlaskClient, slug: str, word: str) -> None:
    _be(browser, "samira")
    assert word in _be(browser, slug)


def test_the_carer_sees_what_edith_shares_and_is_refused_once_she_stops(demo: Demo, browser: FlaskClient) -> None:
    edith = demo.note.citizens["edith"]
    with demo.vault.reading(OPERATOR) as ctx:
        actor = accounts.find(ctx, account_id=demo.note.accounts["edith"]).actor()
        asked = requests.waiting(ctx, citizen_id=edith)[0].request_id
    with demo.vault.transaction(actor) as ctx:
        allowed = frozenset({"medication.name", "allergy.to_what"})
        shared = requests.decide(ctx, citizen_id=edith, request_id=asked, allowed=allowed)
        assert shared is not None
    seen = _look(browser, _be(browser, "carer"))
    assert "Apixaban" in seen
    assert "Larch Close" not in seen
    with demo.vault.transaction(actor) as ctx:
        grants.withdraw(ctx, citizen_id=edith, grant_id=shared.grant_id)
    assert browser.get("/demo").text.count("Done") == 2  # stopped, and nobody was refused yet
    form = {"csrf_token": _token(browser.get("/demo").text), "page": "again"}
    refused = browser.post("/demo/be/carer", data=form, follow_redirects=True)
    assert refused.status_code == 403
    assert "Apixaban" not in refused.text
    assert browser.get("/demo").text.count("Done") == 3


@pytest.mark.parametrize(
    ("page", "path"),
    [("requests", "/requests"), ("sharing", "/sharing"), ("activity", "/activity"), ("//evil.example", "/home")],
)
def test_a_button_of_the_story_leads_to_its_page_and_to_no_other(browser: FlaskClient, page: str, path: str) -> None:
    form = {"csrf_token": _token(browser.get("/demo").text), "page": page}
    answer = browser.post("/demo/be/edith", data=form, follow_redirects=True)
    assert answer.status_code == 200
    assert (answer.request.host, answer.request.path) == ("localhost", path)


def test_ediths_daughter_sees_visits_and_plan_and_is_stopped_with_one_click(browser: FlaskClient) -> None:
    home = _be(browser, "susan")
    assert "Edie" in home
    (address,) = set(re.findall(r'href="(/for/[^"]+)"', home))
    shown = browser.get(address).text
    assert "Your care visits" in shown
    assert not re.search(r"Apixaban|Larch Close|[Pp]enicillin", shown)
    page = _be(browser, "edith") and browser.get("/family").text
    assert "Susan, daughter" in page
    freeze = re.findall(r'action="(/family/[^"]+/freeze)"', page)[0]
    browser.post(freeze, data={"csrf_token": _token(page)})
    _be(browser, "susan")
    assert browser.get(address).status_code == 403


@pytest.mark.parametrize("slug", ["poppy", "harold", "nobody"])
def test_nobody_without_an_account_can_be_played(browser: FlaskClient, slug: str) -> None:
    token = _token(browser.get("/demo").text)
    assert browser.post(f"/demo/be/{slug}", data={"csrf_token": token}).status_code == 404


def test_a_button_without_its_form_token_does_nothing(browser: FlaskClient) -> None:
    assert browser.post("/demo/be/edith").status_code == 400
    assert browser.post("/demo/tamper", data={"trick": "gone"}).status_code == 400


def test_the_auditor_sees_the_row_named(browser: FlaskClient) -> None:
    token = _token(browser.get("/demo").text)
    answer = browser.post("/demo/tamper", data={"csrf_token": token, "trick": "more"}, follow_redirects=True)
    assert "grants" in answer.text
    assert "is not in the state that the log gives it" in answer.text


def test_a_vault_that_is_no_demo_has_no_such_page(demo: Demo) -> None:
    plain = Config.from_environment({"CITIZEN_VAULT_HOME": str(demo.config.home)})
    client = create_app(plain, demo.vault).test_client()
    assert client.get("/demo").status_code == 404
    assert client.post("/demo/be/edith").status_code in {400, 404}


def test_links_sign_in_four_kinds_of_people(demo: Demo) -> None:
    found = doors.sign_in_links(demo.vault, home=demo.config.home, issuer="http://localhost:8000")
    assert len(found) == 4
    assert all(address.startswith("http://localhost:8000/link/") for _who, address in found)


def test_a_vault_that_the_demo_did_not_make_is_never_deleted(tmp_path: Path) -> None:
    database, keys = tmp_path / "vault.db", tmp_path / "keys"
    database.touch()
    with pytest.raises(NotADemoError):
        note.delete(tmp_path, database=database, keys=keys)
    assert database.exists()


def test_the_cases_of_the_story_begin_empty(demo: Demo) -> None:
    with demo.vault.reading(OPERATOR) as ctx:
        assert cases.of_citizen(ctx, citizen_id=demo.note.citizens["edith"]) == []
