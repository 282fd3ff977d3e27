"""Tell the story: accounts, requests, answers and looks, each made the way it is made in earnest."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from vault import access, accounts, citizens, grants, inviting, requests, services, watching, withholding
from vault.accounts import AccountView, StaffLabel
from vault.context import OPERATOR, Actor, Context, Vault
from vault.inviting import Invited
from vault.kinds import Channel, Decider, Role
from vault.records import Source
from vault.release import Release
from vault.requests import Ask, Hint
from web.demo.cast import Resident
from web.demo.extracts import SOURCES

FILE: Final = Path(__file__).with_name("story.toml")

Given = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Player:
    """A resident of the story, as the vault knows them; the account is missing for those who may have none."""

    resident: Resident
    citizen_id: UUID
    account: AccountView | None


@dataclass(frozen=True, slots=True)
class Company:
    """Everyone who takes part, by slug."""

    players: Mapping[str, Player]
    staff: Mapping[str, AccountView]
    family: Mapping[str, AccountView]
    """People whom a resident let in to look for them."""

    def accounts(self) -> dict[str, UUID]:
        """Slug → account, residents and staff, for signing in."""
        residents = {slug: one.account.account_id for slug, one in self.players.items() if one.account}
        others = {**self.staff, **self.family}
        return residents | {slug: account.account_id for slug, account in others.items()}


def plan() -> Given:
    """The story file: lists ``staff``, ``family``, ``request``, ``held_back`` and ``nosy``."""
    return tomllib.loads(FILE.read_text(encoding="utf-8"))


def gather(vault: Vault, people: Sequence[Resident]) -> Company:
    """Make the accounts of the imported residents who have a file of their own, and of the staff."""
    with vault.transaction(OPERATOR) as ctx:
        players: dict[str, Player] = {}
        for person in people:
            citizen_id = citizens.by_identity(ctx, nhs_number=person.nhs_number, birth_date=person.born)
            if citizen_id is None:
                continue
            may_have = citizens.find(ctx, citizen_id=citizen_id).status in accounts.MAY_HAVE_ACCOUNT
            account = accounts.make(ctx, role=Role.CITIZEN, citizen_id=citizen_id) if may_have else None
            players[person.slug] = Player(person, citizen_id, account)
        staff = {given["slug"]: _hire(ctx, given) for given in plan()["staff"]}
    family = {
        given["slug"]: _let_in(vault, players[given["of"]], given)
        for given in plan()["family"]
        if given["of"] in players
    }
    return Company(players, staff, family)


def _let_in(vault: Vault, player: Player, given: Given) -> AccountView:
    """A resident invites somebody, who accepts."""
    assert player.account is not None  # noqa: S101 -- the story lets nobody invite who has none
    with vault.transaction(player.account.actor()) as ctx:
        invited = Invited(
            name=given["name"],
            relationship=given["relationship"],
            citizen_name=given["citizen_name"],
            categories=frozenset(given["see"]),
            until=ctx.now + timedelta(days=given["days"]),
        )
        _made, handle = inviting.invite(ctx, citizen_id=player.citizen_id, invited=invited)
    with vault.transaction(OPERATOR) as ctx:
        return inviting.accept(ctx, handle=handle)


def _hire(ctx: Context, given: Given) -> AccountView:
    service = services.by_slug(ctx, slug=given["service"]) if "service" in given else None
    organisation_id = (
        service.organisation_id if service else services.organisation(ctx, slug=given["organisation"]).organisation_id
    )
    return accounts.make(
        ctx,
        role=Role(given["role"]),
        organisation_id=organisation_id,
        service_id=service.service_id if service else None,
        label=StaffLabel(given["first_name"], given["job"], given["team"]),
        supervises=given.get("supervises", False),
    )


def tell(vault: Vault, company: Company) -> None:
    """Ask, answer and look, in the order of the story file; who is not among the company is left out."""
    for given in plan()["request"]:
        if given["of"] in company.players:
            _tell_one(vault, company, given)
    for given in plan()["held_back"]:
        if given["of"] in company.players:
            _hold_back(vault, company, given)
    for given in plan()["nosy"]:
        if given["of"] in company.players:
            _be_nosy(vault, company, given)


def _be_nosy(vault: Vault, company: Company, given: Given) -> None:
    """Mark a well-known resident, and let an officer look at them, and try more, without any work to do."""
    citizen_id, officer = company.players[given["of"]].citizen_id, company.staff[given["officer"]]
    with vault.transaction(OPERATOR) as ctx:
        watching.mark_person(ctx, citizen_id=citizen_id, reason=given["known_for"])
        shared = grants.of_citizen(ctx, citizen_id=citizen_id)
    grant_id = next(each.grant_id for each in shared if each.service.service_id == officer.service_id)
    for fields in given["looks"]:
        answer = access.read_as_officer(vault, actor=officer.actor(), grant_id=grant_id, fields=frozenset(fields))
        if isinstance(answer, Release):
            answer.unseal()


def _hold_back(vault: Vault, company: Company, given: Given) -> None:
    player = company.players[given["of"]]
    first, second = (company.staff[slug].account_id for slug in given["by"])
    with vault.transaction(OPERATOR) as ctx:
        source = Source(
            organisation_id=services.organisation(ctx, slug=given["organisation"]).organisation_id,
            system=given["system"],
            type=given["type"],
            id=f"{player.resident.references[given['system']]}/{given['item']}",
        )
        withholding.hold_back(
            ctx,
            citizen_id=player.citizen_id,
            record_id=withholding.item_of(ctx, citizen_id=player.citizen_id, source=source),
            until=ctx.now + timedelta(days=given["days"]),
            authority=given["authority"],
            reason=given["reason"],
            first=first,
            second=second,
        )


def _tell_one(vault: Vault, company: Company, given: Given) -> None:
    player = company.players[given["of"]]
    asking, organisation = _service(vault, given["by"])
    hint = _hint(player.resident, organisation)
    confirmed = access.confirm_hint(vault, actor=asking, hint=hint)
    with vault.transaction(asking) as ctx:
        service_id = asking.service_id
        assert service_id is not None  # noqa: S101 -- `_service` names one
        asked = requests.ask(ctx, asked=_ask(given, service_id, hint, confirmed))
    grant_id = _answer(vault, company, player, given, asked.request_id)
    if grant_id is None:
        return
    looker = next(one for one in company.staff.values() if one.service_id == service_id)
    for fields in given.get("looks", ()):
        answer = access.read_as_officer(vault, actor=looker.actor(), grant_id=grant_id, fields=frozenset(fields))
        if isinstance(answer, Release):
            answer.unseal()


def _service(vault: Vault, slug: str) -> tuple[Actor, str]:
    with vault.reading(OPERATOR) as ctx:
        service = services.by_slug(ctx, slug=slug)
        organisation = services.organisation_by_id(ctx, organisation_id=service.organisation_id)
        actor = Actor(kind="service", service_id=service.service_id, organisation_id=service.organisation_id)
        return actor, organisation.slug


def _hint(person: Resident, organisation: str) -> Hint:
    """How *organisation* names *person*: by its own reference where it has one, else by NHS number and birth date."""
    systems = (source.system for source in SOURCES if source.organisation == organisation)
    known = next((system for system in systems if system in person.references), None)
    if known:
        return Hint("ref", known, person.references[known])
    return Hint("nhs", person.nhs_number, person.born.isoformat())


def _ask(given: Given, service_id: UUID, hint: Hint, confirmed: UUID | None) -> Ask:
    return Ask(
        service_id=service_id,
        hint=hint,
        purpose=given["purpose"],
        fields=frozenset(given["fields"]),
        binding_message=given.get("message", ""),
        reason=given.get("reason", ""),
        case_reference=given.get("case"),
        confirmed=confirmed,
    )


def _answer(vault: Vault, company: Company, player: Player, given: Given, request_id: UUID) -> UUID | None:
    """Answer a request as the story says; return the grant, if there is one."""
    answer = given.get("answer", "statutory")
    spoken = "witness" in given
    actor = (
        company.staff[given["witness"]].actor() if spoken else player.account.actor() if player.account else OPERATOR
    )
    with vault.transaction(actor) as ctx:
        if answer in ("waiting", "statutory"):
            return requests.view(ctx, citizen_id=player.citizen_id, request_id=request_id).grant_id
        every = frozenset(given["fields"])
        allowed = every if answer == "all" else frozenset() if answer == "none" else frozenset(answer)
        grant = requests.decide(
            ctx,
            citizen_id=player.citizen_id,
            request_id=request_id,
            allowed=allowed,
            decided_by=Decider.SPOKEN if spoken else Decider.CITIZEN,
            channel=Channel(given.get("channel", "portal")),
            evidence=given.get("evidence"),
        )
        return grant.grant_id if grant else None
