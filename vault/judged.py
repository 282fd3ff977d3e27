"""What was put to the rules, kept with the entry that came of it: so a decision can be explained and made again.

The citizen is not among what is kept: their id stands as `THE_CITIZEN`, wherever the rules compared it. Where known and
unknown people must look alike (a service asks, an officer writes down a spoken word), the status is left out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Self

import orjson
from sqlalchemy.orm import Session

from policies.model import Action, Decision

THE_CITIZEN: Final = "the citizen"
"""In place of the citizen's id."""
ASSUMED: Final = {"ownerStatus": "active"}
"""What a decision is made again with where it was left out."""

_ALIKE: Final = frozenset({Action.ASK, Action.ASSIST})
_WAITING: Final = "judged"


@dataclass(frozen=True, slots=True)
class Judged:
    """One decision as an entry keeps it."""

    allowed: bool
    because: tuple[str, ...]
    facts: Mapping[str, Any] | None
    """Everything the rules judged (`policies.engine.Engine.facts`); None where no rule was asked."""
    left_out: tuple[str, ...] = ()
    """Which facts of the context were left out; `ASSUMED` says what stands in for them."""

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> Self:
        """Read what `kept` wrote."""
        return cls(
            allowed=bool(kept.get("allowed")),
            because=tuple(map(str, kept.get("because", ()))),
            facts=kept.get("facts"),
            left_out=tuple(map(str, kept.get("left_out", ()))),
        )

    @property
    def action(self) -> str:
        """What was to be done; empty where no rule was asked."""
        return str(self.facts["action"]["id"]) if self.facts else ""

    @property
    def whole(self) -> Mapping[str, Any] | None:
        """The facts with what was left out as `ASSUMED`, fit to be judged again."""
        if self.facts is None:
            return None
        assumed = {name: ASSUMED[name] for name in self.left_out if name in ASSUMED}
        return {**self.facts, "context": {**self.facts["context"], **assumed}}


def told(decision: Decision) -> dict[str, Any]:
    """What an entry says of *decision*: the rules it rests on, and all that was judged."""
    return {"because": list(decision.because), "judged": [kept(decision)]}


def kept(decision: Decision) -> dict[str, Any]:
    """*decision* for an entry: without the citizen, and without what would tell known from unknown people."""
    found: dict[str, Any] = {"allowed": decision.allowed, "because": list(decision.because)}
    if decision.facts is None:
        return found
    written = orjson.dumps(decision.facts)
    if decision.owner:
        written = written.replace(f'"{decision.owner}"'.encode(), f'"{THE_CITIZEN}"'.encode())
    facts = orjson.loads(written)
    if facts["action"]["id"] in _ALIKE:
        left_out = [name for name in ASSUMED if facts["context"].pop(name, None) is not None]
        return {**found, "facts": facts, "left_out": left_out}
    return {**found, "facts": facts}


def await_entry(session: Session, decision: Decision) -> None:
    """Keep *decision* for the next entry of this transaction."""
    session.info.setdefault(_WAITING, []).append((kept(decision), decision.policy_set))


def take_waiting(session: Session) -> tuple[list[dict[str, Any]], str | None]:
    """The decisions that wait for an entry, which they are given now; and the set of rules that made them."""
    found = session.info.pop(_WAITING, [])
    return [each for each, _rules in found], found[-1][1] if found else None
