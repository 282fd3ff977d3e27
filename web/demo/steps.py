"""The five steps of the demo, and how far each has come, as the vault stands now."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from audit.events import Event
from vault import cases, grants, requests, services, trail
from vault.cases import CaseView
from vault.context import OPERATOR, Context, Vault
from vault.grants import GrantView
from vault.kinds import CaseKind, GrantState, RequestState
from vault.requests import RequestView

HERO: Final = "edith"
ASKING: Final = "home-care"
NEWEST: Final = 200
"""Lines of the log among which a refused look is looked for."""
LOOKER: Final = "carer"
AGAIN: Final = "again"
"""The page of the button that looks once more, where it must be refused."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What has happened so far between Edith and home care, and what she brought up."""

    asked: tuple[RequestView, ...]
    shared: tuple[GrantView, ...]
    brought_up: tuple[CaseView, ...]
    refused: bool = False
    """Whether home care tried to look after a share was stopped, and the log says that it was refused."""

    @property
    def decided(self) -> bool:
        """Whether she has answered home care."""
        return any(request.state is not RequestState.PENDING for request in self.asked)

    @property
    def looked(self) -> bool:
        """Whether home care has looked."""
        return any(grant.uses for grant in self.shared)

    @property
    def stopped(self) -> bool:
        """Whether she shared something and shares nothing now."""
        return bool(self.shared) and not any(grant.is_live for grant in self.shared)

    @property
    def objected(self) -> bool:
        """Whether she objected to a look by law."""
        return any(case.kind is CaseKind.OBJECTION for case in self.brought_up)


@dataclass(frozen=True, slots=True)
class Part:
    """A button: who one becomes, what it says, and the page it leads to (a name of `PAGES`; empty: their home)."""

    slug: str
    words: str
    page: str = ""


PAGES: Final[Mapping[str, str]] = {
    "requests": "requests.inbox",
    "sharing": "sharing.overview",
    "activity": "activity.overview",
}
"""Page of the story → endpoint of the portal."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step: what to do, as whom, and when it counts as done."""

    title: str
    words: Sequence[str]
    people: tuple[Part, ...]
    is_done: Callable[[Standing], bool]


STEPS: Final = (
    Step(
        "Edith decides",
        (
            "Edith Hargreaves is 82 and came home from hospital today, with a new hip, four medicines and a cat.",
            "Harbour Home Care comes at six and asks to see some of her record.",
            "As Edith, open the request, choose what to share, and share it. Nothing is picked beforehand.",
        ),
        (Part("edith", "Be Edith and decide", "requests"),),
        lambda now: now.decided,
    ),
    Step(
        "The carer looks",
        (
            "As Aisha, the senior carer, look at what Edith shares: exactly that and no more.",
            "For what is dangerous to miss, the page says whether it is not recorded or not shared.",
        ),
        (Part("carer", "Be Aisha and look"),),
        lambda now: now.looked,
    ),
    Step(
        "Edith stops, and the next look is refused",
        (
            "As Edith, go to who can see your data and stop sharing with home care.",
            "Then, as Aisha, try again: she is refused from this moment, and the log says so.",
        ),
        (Part("edith", "Be Edith and stop sharing", "sharing"), Part("carer", "Be Aisha and look again", AGAIN)),
        lambda now: now.stopped and now.refused,
    ),
    Step(
        "Edith sees who looked, and objects",
        (
            "As Edith, read who looked. Check a line: it stands in a signed log that nobody can quietly change.",
            "Council tax looked by law: there is no stop button, but she can object, and it pauses meanwhile.",
        ),
        (
            Part("edith", "Be Edith and see who looked", "activity"),
            Part("edith", "Be Edith and object", "sharing"),
            Part("tax-officer", "Be Graham, council tax"),
        ),
        lambda now: now.objected,
    ),
    Step(
        "The auditor tries to cheat",
        (
            "Ruth, the auditor, reads the log without any names in it.",
            "Under Findings, a minute or two after the start, waits what an inquisitive officer did. Work it off.",
            "Then play a trick on a copy of the database, as its administrator could, and see which row is named.",
        ),
        (Part("auditor", "Be Ruth and read the log"),),
        lambda _now: False,
    ),
)

OTHERS: Final[Mapping[str, str]] = {
    "stanley": "Stan, 77: oxygen at home, two requests waiting",
    "peter": "Pete, 67: Parkinson's; shares with home care",
    "joan": "Joan, 61: cares for Pete",
    "priya": "Priya, 34: some conditions are nobody's business",
    "dean": "Dean, 47: owes council tax",
    "gwenllian": "Gwenno, 73: Welsh first; said yes by telephone",
    "marcus": "Marcus, 29: British Sign Language",
    "samira": "Sam, 41: uses a wheelchair; a badge request waits",
    "alfie": "Alf, 19: easy-read letters",
    "callum": "Cal, 15: diabetes",
    "susan": "Susan, Edith's daughter: sees her visits and her plan, and nothing else",
    "social-worker": "Petra, social worker",
    "ward-sister": "Olu, ward sister",
    "surveyor": "Niamh, surveyor",
    "badge-officer": "Tariq, Blue Badge",
    "nosy-officer": "Nigel, council tax: looks at whom he should not",
    "administrator": "Sanjay, registry administrator",
    "second-administrator": "Carys, data protection manager",
}
"""Everyone else one can be, by slug. Poppy, 9, and Harry, who died, have no account of their own."""


def standing(vault: Vault, *, citizen_id: UUID) -> Standing:
    """How the story of *citizen_id* and home care stands now."""
    with vault.reading(OPERATOR) as ctx:
        asking = services.by_slug(ctx, slug=ASKING).service_id
        asked = requests.of_citizen(ctx, citizen_id=citizen_id)
        shared = [each for each in grants.of_citizen(ctx, citizen_id=citizen_id) if each.service.service_id == asking]
        return Standing(
            tuple(each for each in asked if each.service.service_id == asking),
            tuple(shared),
            tuple(cases.of_citizen(ctx, citizen_id=citizen_id)),
            _refused_since(ctx, citizen_id, shared),
        )


def _refused_since(ctx: Context, citizen_id: UUID, shared: Sequence[GrantView]) -> bool:
    """Whether the log tells of a refused look under one of *shared* since it was stopped."""
    stopped = {grant.grant_id: grant.changed_at for grant in shared if grant.state is GrantState.WITHDRAWN}
    lines = trail.of_citizen(ctx, citizen_id=citizen_id, limit=NEWEST) if stopped else []
    refused = [line for line in lines if line.event == Event.RECORD_REFUSED]
    return any(line.grant_id in stopped and line.at >= stopped[line.grant_id] for line in refused)
