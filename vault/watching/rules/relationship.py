"""A look at somebody with whom neither the officer nor their team has anything to do.

A share is given to a service, and every officer of it can look; whose work it is, others can see: who asked, who wrote
the visits, who answers the case, which team has looked before. This is explanation-based auditing (Fabbri and LeFevre,
PVLDB 5(1), 2011): what work explains is left alone, and the rest is shown.

Evidence: the looks of one week that nothing explains. Threshold: one, in a service where work explains
`Limits.mostly_explained` of all looks, known from `Limits.settled_looks` of them.
"""

from collections.abc import Iterator

from vault.watching.acts import LOOK, WORK, Act
from vault.watching.rules.base import Rule, Settled, Suspicion


def explains(look: Settled) -> bool:
    """Whether work explains the look: the officer's own, their team's, a new share, or an emergency (judged apart)."""
    act = look.act
    if act.fresh or act.emergency:
        return True
    return any(_is_work_of(each, act) for each in look.past.about(act) if each.leaf_hash != act.leaf_hash)


def _is_work_of(each: Act, act: Act) -> bool:
    if each.officer == act.officer:
        return each.kind == WORK or (each.kind == LOOK and each.explained is True and each.time < act.time)
    return each.team == act.team and each.kind in {LOOK, WORK} and each.explained is not False


def _judge(look: Settled) -> Iterator[Suspicion]:
    act, limits = look.act, look.limits
    if act.explained or act.service_id is None:
        return
    explained, settled = look.past.explained(act.service_id, act.time)
    if settled >= limits.settled_looks and explained >= limits.mostly_explained * settled:
        year, week, _weekday = act.day.isocalendar()
        yield Suspicion(acts=(act,), scope=(f"{year}-W{week:02}",), figures={"explained": explained, "looks": settled})


RULE = Rule("no-relationship", _judge)
