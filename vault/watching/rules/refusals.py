"""One officer is refused again and again on one day: trying what one may not see leaves refusals.

Evidence: that day's refusals. Threshold: `Limits.refusals` in one day, unless `Limits.fault_officers` of the team were
refused as often on the same day, which is a fault of the system.
"""

from collections import Counter
from collections.abc import Iterator

from vault.watching.acts import REFUSED
from vault.watching.rules.base import Day, Rule, Suspicion


def _judge(day: Day) -> Iterator[Suspicion]:
    refused, most = day.of(REFUSED), day.limits.refusals
    if len(refused) < most:
        return
    team = Counter(act.officer for act in day.past.of_team(day.last) if act.day == day.day and act.kind == REFUSED)
    if sum(count >= most for count in team.values()) < day.limits.fault_officers:
        people = len({act.whom for act in refused if act.whom})
        yield Suspicion(
            acts=refused, scope=(day.day.isoformat(),), figures={"refusals": len(refused), "people": people}
        )


RULE = Rule("repeated-refusals", _judge, least=5)
