"""From where on something counts as unusual: every figure of the watchers, with where it comes from.

They were set on traffic of tuning seeds (`tests.benchmarks.watching`), never on the seeds that are reported. A council
with other habits measures again; an auditor who closes findings as wrong says where a figure is too low.
"""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from vault.emergencies import FOLLOWED_UP_WITHIN


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The figures that the rules compare with."""

    window: timedelta = timedelta(days=56)
    """How far back habits are learned: eight weeks, so that each hour of the week is seen eight times."""

    settle: timedelta = timedelta(hours=24)
    """How long a look may wait for the work that explains it: a visit is often written down after it."""

    intake: timedelta = timedelta(days=14)
    """How long a new share explains a first look: somebody has to be the first."""

    mostly_explained: float = 0.9
    """The share of a service's looks that work explains, below which a look without it says nothing: a billing desk
    takes whoever calls. Fabbri and LeFevre (Explanation-Based Auditing, PVLDB 5(1), 2011) could explain 94% and more
    of the looks of a hospital's staff in this way."""

    settled_looks: int = 200
    """How many looks of a service must be settled before that share is believed."""

    outlier: float = 3.5
    """The modified z-score, 0.6745 times the distance from the median in MADs, from which on Iglewicz and Hoaglin
    (How to Detect and Handle Outliers, ASQC, 1993) call a value an outlier."""

    far_outlier: float = 7.0
    """Twice that, for a comparison with others, whose days differ more than one's own."""

    least_spread: float = 1.0
    """The least MAD that is believed: people come one by one, so a habit of no spread at all is chance."""

    own_days: int = 10
    """Days of an officer's own that make a baseline: two weeks of work."""

    own_more: int = 6
    """How many more people than usual are worth a finding, whatever the score."""

    run_days: int = 5
    """A week of work: what is slightly more each day is looked at together."""

    bulk_people: int = 25
    """People in one day, below which nothing is bulk, whatever others do."""

    bulk_in_an_hour: int = 15
    """People within sixty minutes, which nobody reads: one every four minutes."""

    rare_hour: float = 0.05
    """The share of days on which a team works at an hour, below which that hour is unusual."""

    hours_days: int = 14
    """Days of a team (half as many at weekends) that make its hours known: about three weeks."""

    refusals: int = 5
    """Refusals of one officer in one day: the eighth part of a working day spent on what one may not see."""

    fault_officers: int = 3
    """So many officers of one team refused so often on one day are a fault of the system, not theirs."""

    follow_up: timedelta = FOLLOWED_UP_WITHIN + timedelta(days=1)
    """How long an emergency may wait until somebody judges it: a day longer than supervisors have for it."""


LIMITS: Final = Limits()
"""What counts unless a test says otherwise."""
