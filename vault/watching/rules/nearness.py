"""An officer looks at somebody they are near to: themselves, a colleague, a marked person, a neighbour, a namesake.

Evidence: every look at that person. Threshold: one look that no work of the officer's explains. For one's own record
nothing explains it. A colleague's and a marked person's are judged at once; a neighbour's and a namesake's, of which
there are many by chance, when the time has passed in which work is written down.
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
    def judge(day: Day) -> Iterator[Suspicion]:
        for whom, acts in tied(day.acts, word, *_TRIED):
            if not worked_for(day.past, acts[-1]):
                yield Suspicion(acts=acts, scope=(whom.hex(),), figures={"looks": len(acts)}, grave=True)

    return judge


def _settled(word: str) -> Callable[[Settled], Iterator[Suspicion]]:
    def judge(look: Settled) -> Iterator[Suspicion]:
        act = look.act
        if act.whom and word in act.ties.split() and not worked_for(look.past, act):
            yield Suspicion(acts=(act,), scope=(act.whom.hex(),), grave=not act.explained)

    return judge


OWN = Rule("own-record", _own)
COLLEAGUE = Rule("colleague", _at_once(ties.COLLEAGUE))
WELL_KNOWN = Rule("well-known", _at_once(ties.WELL_KNOWN))
NEIGHBOUR = Rule("neighbour", _settled(ties.NEIGHBOUR))
SAME_SURNAME = Rule("same-surname", _settled(ties.SAME_SURNAME))
