"""An emergency that nobody judged in time: what opens at once is right only if somebody looks after it.

Evidence: the statement of the emergency and the looks in it. Threshold: `Limits.follow_up` without an entry that says
that it was followed up.
"""

from collections.abc import Iterator

from vault.watching.acts import FOLLOW_UP, LOOK, REFUSED, WORK
from vault.watching.rules.base import Rule, Settled, Suspicion

_PASSED_OVER = frozenset({REFUSED, WORK})


def _judge(stated: Settled) -> Iterator[Suspicion]:
    act = stated.act
    about = stated.past.about(act)
    if act.whom is None or any(each.kind == FOLLOW_UP and each.time >= act.time for each in about):
        return
    acts = [each for each in about if each.officer == act.officer and each.kind not in _PASSED_OVER]
    looks = tuple(each for each in acts if each.time >= act.time and (each.kind != LOOK or each.emergency))
    waited = stated.limits.follow_up.days
    yield Suspicion(
        acts=looks or (act,), scope=(act.whom.hex(), act.day.isoformat()), figures={"days": waited}, grave=True
    )


RULE = Rule("emergency-not-followed-up", _judge)
