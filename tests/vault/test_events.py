"""Everything that matters is an event: each that can happen is in the log by the very act that makes it happen.

A new event of `audit.events` gets its act here, or the test that shows it; one that nothing writes yet is named.
"""

import json
import re
import tempfile
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Final

import pytest
from sqlalchemy import text

from audit.entry import leaf_hash
from audit.events import ABOUT_THE_LOG, Event
from policies.model import Action
from tests.log_reading import told
from tests.vault.house import CARE, House, definition
from vault import (
    access,
    accounts,
    authorities,
    cases,
    citizens,
    emergencies,
    grants,
    identities,
    inviting,
    legal_authorities,
    letters,
    links,
    notices,
    passkeys,
    purposes,
    recoveries,
    recovery_codes,
    requests,
    services,
    sign_ins,
    tokens,
    trail,
)
from vault.context import OPERATOR, SYSTEM, Actor
from vault.errors import NotAllowedError, SignInEndedError
from vault.housekeeping import keep_house
from vault.importing.run import Order, run_import
from vault.judging import demand
from vault.keystores.file import FileKeyStore
from vault.kinds import (
    AccountStatus,
    AuthorityKind,
    CaseKind,
    CitizenStatus,
    EmergencyReason,
    FollowUp,
    LinkKind,
    MailChoice,
    Role,
)
from vault.purposes import Choice
from vault.refusals import log_refused_service, settle
from vault.rotation import rotate_root
from vault.runtime import open_vault
from vault.sums import Refused

Act = Callable[[House], object]


def _grant_act(name: str, **more: object) -> Act:
    def act(house: House) -> object:
        grant = house.grant()
        with house.vault.transaction(house.citizen) as ctx:
            return getattr(grants, name)(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id, **more)

    return act


def _resume(house: House) -> None:
    grant = house.grant()
    for change in (grants.pause, grants.resume):
        with house.vault.transaction(SYSTEM) as ctx:
            change(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id)


def _later(house: House, days: int) -> None:
    house.clock.ahead += timedelta(days=days)
    keep_house(house.vault)


def _expire(house: House) -> None:
    house.grant()
    house.ask()
    _later(house, 120)


def _use_up(house: House) -> None:
    grant = house.grant(uses=1)
    house.read(house.token(grant))
    keep_house(house.vault)


def _refused_request(house: House) -> None:
    with pytest.raises(NotAllowedError), house.vault.transaction(house.citizen) as ctx:
        demand(ctx, action=Action.ASK, citizen_id=house.citizen_id, fields=frozenset({"medication.name"}))


def _revoke(house: House) -> None:
    token = house.token(house.grant())
    with house.vault.transaction(house.service) as ctx:
        assert tokens.revoke(ctx, service_id=house.service_id, handle=token)


def _account(house: House) -> Actor:
    with house.vault.transaction(OPERATOR) as ctx:
        return accounts.make(ctx, role=Role.AUDITOR, organisation_id=house.council_id).actor()


def _status(status: AccountStatus) -> Act:
    def act(house: House) -> None:
        account = _account(house).account_id
        assert account
        with house.vault.transaction(OPERATOR) as ctx:
            accounts.set_status(ctx, account_id=account, status=status)

    return act


def _change(house: House) -> None:
    account = _account(house).account_id
    assert account
    with house.vault.transaction(OPERATOR) as ctx:
        accounts.change(
            ctx,
            account_id=account,
            role=Role.ADMINISTRATOR,
            organisation_id=house.council_id,
            service_id=None,
            label=None,
        )


def _signed_in(house: House) -> str:
    account = _account(house).account_id
    assert account
    with house.vault.transaction(SYSTEM) as ctx:
        return sign_ins.begin(ctx, account_id=account, method="test")


def _sign_out(house: House) -> None:
    cookie = _signed_in(house)
    with house.vault.transaction(SYSTEM) as ctx:
        sign_ins.end(ctx, cookie=cookie)


def _prove(house: House) -> None:
    cookie = _signed_in(house)
    with house.vault.transaction(SYSTEM) as ctx:
        sign_ins.prove(ctx, cookie=cookie, method="passkey")


def _sign_in_refused(house: House) -> None:
    account = _account(house).account_id
    assert account
    with house.vault.transaction(OPERATOR) as ctx:
        accounts.set_status(ctx, account_id=account, status=AccountStatus.SUSPENDED)
    with pytest.raises(SignInEndedError), house.vault.transaction(SYSTEM) as ctx:
        sign_ins.begin(ctx, account_id=account, method="test")


def _link(house: House) -> None:
    account = _account(house).account_id
    assert account
    with house.vault.transaction(OPERATOR) as ctx:
        handle = links.make(ctx, account_id=account, kind=LinkKind.ENROL)
    with house.vault.transaction(SYSTEM) as ctx:
        links.use(ctx, handle=handle)


def _passkey(house: House) -> None:
    account = _account(house).account_id
    assert account
    with house.vault.transaction(SYSTEM) as ctx:
        passkeys.add(ctx, account_id=account, credential_id=account.bytes, public_key=b"k", sign_count=0)


def _passkey_goes(house: House) -> None:
    account = _account(house).account_id
    assert account
    with house.vault.transaction(OPERATOR) as ctx:
        for name in (b"1", b"2"):
            passkeys.add(ctx, account_id=account, credential_id=account.bytes + name, public_key=b"k", sign_count=0)
        held = passkeys.of_account(ctx, account_id=account)[0].passkey_id
        passkeys.rename(ctx, account_id=account, passkey_id=held, name="Blue telephone")
        passkeys.remove(ctx, account_id=account, passkey_id=held)


def _codes(house: House) -> None:
    account = _account(house).account_id
    assert account
    with house.vault.transaction(OPERATOR) as ctx:
        made = recovery_codes.make(ctx, account_id=account)
        recovery_codes.use(ctx, typed=made[0])


def _recovery(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        owner = accounts.make(ctx, role=Role.CITIZEN, citizen_id=house.citizen_id).account_id
    with house.vault.transaction(house.officer()) as ctx:
        asked = recoveries.ask(ctx, account_id=owner, evidence="passport")
        recoveries.cancel(ctx, account_id=owner, recovery_id=asked.recovery_id)


def _letter(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        owner = accounts.make(ctx, role=Role.CITIZEN, citizen_id=house.citizen_id).account_id
    with house.vault.transaction(house.officer()) as ctx:
        letters.ask(ctx, account_id=owner)


def _identity(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        owner = accounts.make(ctx, role=Role.CITIZEN, citizen_id=house.citizen_id).account_id
        whom = identities.vouched(ctx, issuer="https://id.example", subject="42", assurance="medium")
        identities.bind(ctx, account_id=owner, whom=whom, evidence="letter code")
        recovery_codes.make(ctx, account_id=owner)
        (held,) = identities.of_account(ctx, account_id=owner)
        identities.unbind(ctx, account_id=owner, identity_id=held.identity_id)


def _mail(house: House) -> None:
    with house.vault.transaction(house.citizen) as ctx:
        notices.choose(ctx, citizen_id=house.citizen_id, mail=MailChoice.NONE)


def _cancel(house: House) -> None:
    asked = house.ask(frozenset({"medication.dose"}))
    with house.vault.transaction(house.officer()) as ctx:
        requests.cancel(ctx, request_id=asked.request_id)


def _citizen(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        made = citizens.make(ctx, status=CitizenStatus.ACTIVE)
        citizens.set_status(ctx, citizen_id=made, status=CitizenStatus.MOVED)


def _case(house: House) -> None:
    with house.vault.transaction(house.citizen) as ctx:
        case = cases.open_case(
            ctx, citizen_id=house.citizen_id, kind=CaseKind.CORRECTION, service_id=house.service_id, statement="wrong"
        )
    with house.vault.transaction(house.citizen) as ctx:
        cases.withdraw(ctx, citizen_id=house.citizen_id, case_id=case.case_id)


def _audit(house: House) -> None:
    auditor = _account(house)
    entry = next(entry for entry in told(house.vault) if entry.event == "citizen:made")
    with house.vault.reading(auditor) as ctx:
        trail.search(ctx)
        trail.entry(ctx, leaf_hash=leaf_hash(entry.leaf))
        trail.export(ctx, filters=trail.Filters())
    with house.vault.transaction(auditor) as ctx:
        trail.save_search(ctx, name="all", filters=trail.Filters())


def _sums(house: House) -> None:
    house.vault.count_refused(Refused.TOKEN)
    keep_house(house.vault)
    settle(house.vault, everything=True)


def _new_rules(house: House) -> None:
    with house.vault.db.write.begin() as connection:
        connection.execute(text("DELETE FROM vault_facts WHERE name = 'policy-set'"))
    again = open_vault(
        database_url=house.vault.db.url.render_as_string(hide_password=False),
        root_key=f"file:{_key_store(house)}",
        tenant="test",
        origin=house.vault.origin,
        clock=house.clock,
    )
    again.db.dispose()


def _key_store(house: House) -> Path:
    store = house.vault.keyring.store
    assert isinstance(store, FileKeyStore)
    return store.path


def _rotate(house: House) -> None:
    for _ in range(2):
        rotate_root(house.vault, destroy_old=True)


def _own(house: House) -> None:
    access.read_own(house.vault, actor=house.citizen, citizen_id=house.citizen_id, categories=frozenset({"identity"}))


def _export_own(house: House) -> None:
    access.export_own(
        house.vault,
        actor=house.citizen,
        citizen_id=house.citizen_id,
        fields=frozenset({"identity.name"}),
        masked=frozenset(),
        kind="json",
    )


def _look_up(house: House) -> None:
    access.confirm_identity(
        house.vault, actor=house.service, citizen_id=house.citizen_id, given={"identity.name": "Edith Marlow"}
    )


def _broken(house: House) -> None:
    token = house.token(house.grant())
    with house.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE seals SET sealed = :junk"), {"junk": bytes(200)})
    release = house.read(token)
    with pytest.raises(Exception, match="seal"):
        release.unseal()  # type: ignore[union-attr]


def _service(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        services.make_organisation(ctx, slug=f"more-{house.clock().timestamp()}", name="More", kind="nhs")


def _import(house: House) -> None:
    known: dict[str, object] = {
        "name": [{"family": "Lowe", "given": ["Ann"]}],
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9434765919"}],
    }
    order = Order(organisation="council", system="pas", purpose=CARE, agreement="DSA-1")
    with tempfile.TemporaryDirectory() as folder:
        for name, more in (("known", known), ("unknown", {})):
            patient = {"resourceType": "Patient", "id": name, "birthDate": "1950-01-02", **more}
            condition = {
                "resourceType": "Condition",
                "id": f"{name}-1",
                "subject": {"reference": f"Patient/{name}"},
                "code": {"text": "Asthma"},
            }
            entries = [{"fullUrl": f"urn:x:{each['id']}", "resource": each} for each in (patient, condition)]
            path = Path(folder) / f"{name}.json"
            path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}))
        run_import(house.vault, paths=[Path(folder)], order=order)


def _extend(house: House) -> None:
    with house.vault.transaction(house.citizen) as ctx:
        case = cases.open_case(
            ctx, citizen_id=house.citizen_id, kind=CaseKind.CHALLENGE, service_id=house.service_id, statement="why"
        )
    with house.vault.transaction(house.officer()) as ctx:
        cases.extend(ctx, case_id=case.case_id, months=1, words="We wait for the hospital.")


def _refused_token(house: House) -> None:
    log_refused_service(house.vault, house.service, Event.TOKEN_REFUSED, reason="test", endpoint="/oauth/token")


def _keep(house: House) -> None:
    house.keep("medication", f"m-{len(told(house.vault))}", {"medication.name": "Ramipril"})


def _family(house: House) -> None:
    with house.vault.transaction(house.citizen) as ctx:
        invited = inviting.Invited(
            name="Gwen",
            relationship="daughter",
            citizen_name="Edie",
            categories=frozenset({"care_visit"}),
            until=ctx.now + timedelta(days=1),
        )
        held, handle = inviting.invite(ctx, citizen_id=house.citizen_id, invited=invited)
        inviting.accept(ctx, handle=handle)
        for change in (authorities.freeze, authorities.unfreeze, authorities.remove):
            change(ctx, citizen_id=house.citizen_id, authority_id=held.authority_id)


def _parent(house: House) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        officer = accounts.make(ctx, role=Role.ADMINISTRATOR, organisation_id=house.council_id).account_id
        child = citizens.make(ctx, status=CitizenStatus.CHILD)
        evidence = legal_authorities.Evidence(
            name="Sam", relationship="father", citizen_name="Edie", shown="birth certificate", seen_by=(officer,)
        )
        held, _ = legal_authorities.enter(
            ctx, citizen_id=child, kind=AuthorityKind.PARENTAL_RESPONSIBILITY, evidence=evidence, until=None
        )
        legal_authorities.review(ctx, citizen_id=child, authority_id=held.authority_id, by=officer, keep=True)


def _emergency(house: House) -> None:
    slug = "urgent-help"
    with house.vault.transaction(OPERATOR) as ctx:
        made = definition(slug, choice=Choice.TOLD_AFTERWARDS, emergency=True)
        purposes.register(ctx, definition=made, first=None, second=None)
        services.set_purposes(ctx, slug="home-care", purposes=[CARE, slug], batch=[])
    officer = house.officer()
    with house.vault.transaction(officer) as ctx:
        emergency_id = emergencies.state(
            ctx, citizen_id=house.citizen_id, purpose=slug, reason=EmergencyReason.HARM, words="A call for help"
        )
        emergencies.close(ctx, emergency_id=emergency_id)
    with house.vault.transaction(replace(house.officer(), supervises=True)) as ctx:
        emergencies.follow_up(ctx, emergency_id=emergency_id, outcome=FollowUp.RIGHT, words="It was needed.")


ACTS: Final[dict[Act, tuple[Event, ...]]] = {
    _keep: (Event.RECORD_WRITTEN,),
    (lambda house: house.read(house.token(house.grant()))): (
        Event.REQUEST_MADE,
        Event.REQUEST_DECIDED,
        Event.GRANT_MADE,
        Event.TOKEN_ISSUED,
        Event.RECORD_OPENED,
    ),
    (lambda house: house.read(house.token(house.grant()), frozenset({"condition.name"}))): (Event.RECORD_REFUSED,),
    _own: (Event.RECORD_VIEWED,),
    _export_own: (Event.RECORD_EXPORTED,),
    _refused_request: (Event.REQUEST_REFUSED,),
    _grant_act("narrow", keep=frozenset({"medication.name"})): (Event.GRANT_NARROWED,),
    _grant_act("withdraw"): (Event.GRANT_WITHDRAWN,),
    _resume: (Event.GRANT_PAUSED, Event.GRANT_RESUMED),
    _use_up: (Event.GRANT_USED_UP,),
    _refused_token: (Event.TOKEN_REFUSED,),
    _revoke: (Event.TOKEN_REVOKED,),
    _status(AccountStatus.CLOSED): (Event.ACCOUNT_MADE, Event.ACCOUNT_CLOSED),
    _change: (Event.ACCOUNT_CHANGED,),
    _sign_out: (Event.SIGN_IN_MADE, Event.SIGN_IN_ENDED),
    _prove: (Event.SIGN_IN_PROVEN,),
    _sign_in_refused: (Event.SIGN_IN_REFUSED,),
    _link: (Event.LINK_MADE, Event.LINK_USED),
    _passkey: (Event.PASSKEY_ADDED,),
    _passkey_goes: (Event.PASSKEY_RENAMED, Event.PASSKEY_REMOVED),
    _letter: (Event.LETTER_ASKED,),
    _codes: (Event.RECOVERY_MADE, Event.RECOVERY_USED),
    _recovery: (Event.RECOVERY_MADE, Event.RECOVERY_CANCELLED),
    _identity: (Event.IDENTITY_BOUND, Event.IDENTITY_UNBOUND),
    _mail: (Event.NOTICE_CHOSEN,),
    _family: (
        Event.DELEGATE_INVITED,
        Event.DELEGATE_MADE,
        Event.DELEGATE_FROZEN,
        Event.DELEGATE_UNFROZEN,
        Event.DELEGATE_ENDED,
    ),
    _emergency: (Event.EMERGENCY_STATED, Event.EMERGENCY_CLOSED, Event.EMERGENCY_FOLLOWED_UP),
    _parent: (Event.DELEGATE_REVIEWED,),
    _cancel: (Event.REQUEST_CANCELLED,),
    _citizen: (Event.CITIZEN_MADE, Event.CITIZEN_CHANGED),
    _look_up: (Event.CITIZEN_LOOKED_UP,),
    _import: (Event.IMPORT_RUN, Event.CITIZEN_LINKED, Event.ITEM_UNMATCHED),
    _extend: (Event.CASE_EXTENDED,),
    _case: (Event.CASE_OPENED, Event.CASE_WITHDRAWN),
    _audit: (Event.AUDIT_SEARCHED, Event.AUDIT_OPENED, Event.AUDIT_EXPORTED, Event.AUDIT_SEARCH_CHANGED),
    _sums: (Event.AUDIT_SUMS,),
    _service: (Event.REGISTRY_CHANGED,),
    _new_rules: (Event.POLICY_LOADED,),
    _rotate: (Event.KEY_ROTATED, Event.KEY_DESTROYED),
    _expire: (
        Event.GRANT_EXPIRED,
        Event.REQUEST_EXPIRED,
        Event.KEY_MADE,
    ),
    _broken: (Event.RECORD_UNSEAL_FAILED,),
}
"""What is done, and which events it must leave; `_broken` breaks the vault and comes last."""


def test_each_act_is_in_the_log_by_itself(house: House) -> None:
    missing = {}
    for act, events in ACTS.items():
        before = len(told(house.vault))
        act(house)
        written = {entry.event for entry in told(house.vault)[before:]}
        if set(events) - written:
            missing[events] = written
    assert missing == {}


def test_every_event_that_code_writes_is_shown_here_or_named_by_another_test(root: Path) -> None:
    def words_of(*folders: str) -> str:
        found = (path for folder in folders for path in (root / folder).rglob("*.py"))
        return "".join(path.read_text(encoding="utf-8") for path in found)

    written = set(re.findall(r"\bEvent\.([A-Z_]+)", words_of("vault", "web")))
    shown = {event for events in ACTS.values() for event in events} | ABOUT_THE_LOG
    others = words_of("tests")
    named = {event for event in Event if f'"{event}"' in others or f"Event.{event.name}" in others}
    unproven = {event for event in Event if event.name in written} - shown - named
    assert unproven == set(), "give each an act in ACTS"


def test_the_rules_are_named_once_and_again_only_when_they_change(house: House) -> None:
    loaded = told(house.vault, "policy:loaded")
    assert [entry.facts["before"] for entry in loaded] == [None]
    _new_rules(house)
    assert len(told(house.vault, "policy:loaded")) == 2
