"""An officer looks at somebody they are near to: themselves, a colleague, a marked person, a neighbour, a namesake.

Evidence: every look at that person. Threshold: one look that no work of the officer's explains. For one's own record
nothing explains it. A colleague and a marked person with whom the team has nothing to do are judged at once; everybody
else when the time has passed in which work is written down.
"""

from collections.abc import Callable, Iterator

from vault.watching import ties
from vault.watching.acts import LOOK, READ, REFUSED, WORK, Act
from vault.watching.past import Past
from vault.watching.rules.base import Day, Rule, Settled, Suspicion, tied

_TRIED = (LOOK, REFUSED, READ)


def worked_for(past: Past, act: Act) -> bool:
    """Whether the officer of *act* did something for that person that others see, within the window or since."""
    return any(each.kind == WORK and each.is_about(act) for each in past.of_officer(act))


def _own(day: Day) -> Iterator[Suspicion]:
    for whom, acts in tied(day.acts, ties.OWN, *_TRIED):
        yield Suspicion(acts=acts, scope=(whom.hex(),), figures={"looks": len(acts)}, grave=True)


def _at_once(word: str) -> Callable[[Day], Iterator[Suspicion]]:
    """Judge at once who is a stranger to the whole team; the team's own people wait, as a neighbour does."""

    def judge(day: Day) -> Iterator[Suspicion]:
        for whom, acts in tied(day.acts, word, *_TRIED):
            if not worked_for(day.past, acts[-1]) and not _is_teams(day.past, acts[0]):
                yield Suspicion(acts=acts, scope=(whom.hex(),), figures={"looks": len(acts)}, grave=True)

    return judge


def _is_teams(past: Past, act: Act) -> bool:
    others = (each for each in past.about(act) if each.team == act.team and each.officer != act.officer)
    return any(each.kind in {LOOK, WORK} for each in others)


def _settled(word: str) -> Callable[[Settled], Iterator[Suspicion]]:
    def judge(look: Settled) -> Iterator[Suspicion]:
        act = look.act
        if act.whom and word in act.ties.split() and not worked_for(look.past, act):
            yield Suspicion(acts=(act,), scope=(act.whom.hex(),), grave=not act.explained)

    return judge


OWN = Rule("own-record", _own)
COLLEAGUE = Rule("colleague", _at_once(ties.COLLEAGUE))
WELL_KNOWN = Rule("well-known", _at_once(ties.WELL_KNOWN))
SETTLED = tuple(
    Rule(slug, _settled(word))
    for slug, word in (
        (COLLEAGUE.slug, ties.COLLEAGUE),
        (WELL_KNOWN.slug, ties.WELL_KNOWN),
        ("neighbour", ties.NEIGHBOUR),
        ("same-surname", ties.SAME_SURNAME),
    )
)
