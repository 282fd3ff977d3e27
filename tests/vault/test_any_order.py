"""Whatever order things are done in, a read releases exactly what is allowed at that moment."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib import import_module
from typing import Any, ClassVar, Final

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    initialize,
    multiple,
    rule,
    run_state_machine_as_test,
)

from tests.vault.house import House
from vault import grants, requests
from vault.context import OPERATOR, SYSTEM
from vault.errors import TokenInvalidError, WrongStateError
from vault.grants import GrantView
from vault.release import Refusal

FIELDS: Final = ("identity.name", "medication.name", "allergy.to_what", "condition.name")
DAYS: Final = 30
USES: Final = 3
TOKEN_LIFE: Final = timedelta(seconds=300)
SEQUENCES: Final = 100  # on each of two databases

SOME = st.frozensets(st.sampled_from(FIELDS), min_size=1)
WANTED = st.none() | st.sampled_from(FIELDS).map(lambda name: frozenset({name})) | SOME
WAITS = st.sampled_from([timedelta(seconds=70), timedelta(seconds=200), timedelta(days=11), timedelta(days=24)])
"""No sum of these is a token's life, a request's wait or a share's period, so that nothing hangs on milliseconds."""


@dataclass(frozen=True)
class Token:
    """A token, the version of the grant that it is of, and its end."""

    handle: str
    version: int
    until: datetime


@dataclass
class Share:
    """What the model knows of one grant."""

    view: GrantView
    fields: frozenset[str]
    ends: datetime
    left: int
    version: int
    stopped: bool = False
    paused: bool = False
    token: Token | None = None
    """The last one that the service got."""

    def is_live(self, now: datetime) -> bool:
        """Whether it has not ended."""
        return not self.stopped and self.left > 0 and now < self.ends


class AnyOrder(RuleBasedStateMachine):
    """Acts of both sides and of time, beside a model of what a read may return."""

    shares: Bundle[Share] = Bundle("shares")

    house: ClassVar[House]
    answers: ClassVar[Counter[str]]

    def __init__(self) -> None:
        super().__init__()
        self.asked: tuple[requests.Asked, frozenset[str], datetime] | None = None

    def teardown(self) -> None:
        """Answer what still waits, so that the next sequence begins anew."""
        self.decide(frozenset())

    @property
    def now(self) -> datetime:
        """The moment it is in the vault."""
        return self.house.clock()

    @initialize(target=shares, fields=SOME)
    def begin(self, fields: frozenset[str]) -> MultipleResults[Share] | Share:
        """Something is shared to begin with."""
        self.ask(fields)
        return self.decide(fields)

    @rule(fields=SOME)
    def ask(self, fields: frozenset[str]) -> None:
        """The service asks; while a request waits, that one is joined and stays as it is."""
        made = self.house.ask(fields, days=DAYS, uses=USES)
        if self.asked is None or self.now >= self.asked[2]:
            self.asked = made, fields, self.now + timedelta(seconds=made.expires_in)
        else:
            assert made.request_id == self.asked[0].request_id

    @rule(target=shares, allowed=st.frozensets(st.sampled_from(FIELDS)))
    def decide(self, allowed: frozenset[str]) -> MultipleResults[Share] | Share:
        """The citizen allows some of what was asked, or none."""
        if self.asked is None:
            return multiple()
        (made, fields, expires), allowed = self.asked, allowed & self.asked[1]
        self.asked = None
        with self.house.vault.transaction(self.house.citizen) as ctx:
            ids: dict[str, Any] = {"citizen_id": self.house.citizen_id, "request_id": made.request_id}
            if ctx.now >= expires:
                with pytest.raises(WrongStateError):
                    requests.decide(ctx, **ids, allowed=allowed)
                return multiple()
            view = requests.decide(ctx, **ids, allowed=allowed)
        assert (view is not None) == bool(allowed), fields
        return multiple() if view is None else Share(view, allowed, view.not_after, USES, view.version)

    def _change(self, share: Share, act: str, **more: Any) -> bool:
        """Do *act* as the citizen (pausing is the council's); whether it was done, as it could be."""
        actor = OPERATOR if act in {"pause", "resume"} else self.house.citizen
        with self.house.vault.transaction(actor) as ctx:
            live = share.is_live(ctx.now) and not (act == "renew" and share.paused)
            ids = {"citizen_id": self.house.citizen_id, "grant_id": share.view.grant_id}
            if not live:
                with pytest.raises(WrongStateError):
                    getattr(grants, act)(ctx, **ids, **more)
                return False
            share.version = getattr(grants, act)(ctx, **ids, **more).version
        return True

    @rule(share=shares, keep=SOME, wanted=WANTED)
    def narrow(self, share: Share, keep: frozenset[str], wanted: frozenset[str] | None) -> None:
        """The citizen takes fields away."""
        if keep & share.fields and self._change(share, "narrow", keep=keep & share.fields):
            share.fields &= keep
        self.look(share, wanted)

    @rule(share=shares, wanted=WANTED)
    def renew(self, share: Share, wanted: frozenset[str] | None) -> None:
        """The citizen lets it go on for as long as it may."""
        if self.now + timedelta(days=DAYS) > share.ends and self._change(share, "renew"):
            share.ends, share.left = self.now + timedelta(days=DAYS), USES
        self.look(share, wanted)

    @rule(share=shares, wanted=WANTED)
    def stop(self, share: Share, wanted: frozenset[str] | None) -> None:
        """The citizen stops."""
        if self._change(share, "withdraw"):
            share.stopped = True
        self.look(share, wanted)

    @rule(share=shares, act=st.sampled_from(["pause", "resume"]), wanted=WANTED)
    def pause(self, share: Share, act: str, wanted: frozenset[str] | None) -> None:
        """A case pauses it, or its answer lets it work again."""
        if self._change(share, act):
            share.paused = act == "pause"
        self.look(share, wanted)

    @rule(share=shares, wait=WAITS, wanted=WANTED)
    def wait(self, share: Share, wait: timedelta, wanted: frozenset[str] | None) -> None:
        """Time goes by; what is over is written down, which changes nothing that anyone may read."""
        self.house.clock.ahead += wait
        with self.house.vault.transaction(SYSTEM) as ctx:
            requests.sweep(ctx)
            grants.sweep(ctx)
        self.look(share, wanted)

    @rule(share=shares, wanted=WANTED)
    def look(self, share: Share, wanted: frozenset[str] | None) -> None:
        """The service reads with the token it has, then gets a new one, if it can, and reads again."""
        self.read(share, wanted)
        if not share.is_live(self.now) or share.paused:
            with pytest.raises(WrongStateError):
                self.house.token(share.view)
            return
        until = self.now + TOKEN_LIFE
        share.token = Token(self.house.token(share.view), share.version, until)
        self.read(share, wanted)

    def read(self, share: Share, wanted: frozenset[str] | None) -> None:
        """The service reads: it gets all it asked for, or nothing."""
        token, now = share.token, self.now
        if token is None:
            return
        good = share.is_live(now) and not share.paused and now < token.until and token.version == share.version
        allowed = good and (wanted is None or wanted <= share.fields)
        shown = self._read(token.handle, wanted)
        assert shown == ((wanted or share.fields) if allowed else frozenset())
        share.left -= bool(shown)
        self.answers["released" if allowed else "beyond" if good else "stale"] += 1

    def _read(self, handle: str, wanted: frozenset[str] | None) -> frozenset[str]:
        """The fields that came out of the door."""
        try:
            answer = self.house.read(handle, wanted)
        except TokenInvalidError:
            return frozenset()
        if isinstance(answer, Refusal):
            return frozenset()
        return frozenset(name for record in answer.unseal().records for name in record.fields)


@pytest.mark.timeout(400)
def test_no_order_of_acts_releases_what_is_not_allowed_now(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = import_module("vault.requests.waiting")  # the package offers a function of that name
    monkeypatch.setattr(waiting, "WAITS", (timedelta(),))  # each sequence begins with an asking
    AnyOrder.house, AnyOrder.answers = house, Counter()
    run_state_machine_as_test(
        AnyOrder,
        settings=settings(
            max_examples=SEQUENCES,
            stateful_step_count=6,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert min(AnyOrder.answers[each] for each in ("released", "beyond", "stale")) > SEQUENCES // 10
