"""An emergency that nobody judged in time: what opens at once is right only if somebody looks after it.

Evidence: the statement of the emergency and the looks in it. Threshold: `Limits.follow_up` without an entry that says
that it was followed up.
"""

from collections.abc import Iterator

from vault.watching.acts import EMERGENCY, FOLLOW_UP, LOOK
from vault.watching.rules.base import Rule, Settled, Suspicion


def _judge(stated: Settled) -> Iterator[Suspicion]:
    act = stated.act
    of_it = [each for each in stated.past.about(act) if each.matter is not None and each.matter == act.matter]
    if act.matter is None or any(each.kind == FOLLOW_UP for each in of_it):
        return
    acts = tuple(each for each in of_it if each.kind in {EMERGENCY, LOOK})
    figures = {"days": stated.limits.follow_up.days}
    yield Suspicion(acts=acts, scope=(act.matter.hex(),), figures=figures, grave=True)


RULE = Rule("emergency-not-followed-up", _judge)
