"""What a vault does by itself: what has ended is written down, once, and what is spent is forgotten."""

from datetime import timedelta

from sqlalchemy import func, select

from tests.vault.house import CARE, House
from vault import grants, requests, trail
from vault.context import OPERATOR
from vault.holding import hold
from vault.housekeeping import keep_house
from vault.kinds import GrantState
from vault.models import AccessRequest, SpentProof, Token


def test_what_has_ended_is_written_down_once_and_logged(house: House) -> None:
    grant = house.grant()
    house.read(house.token(grant))
    house.ask()
    house.clock.ahead = timedelta(days=120)
    keep_house(house.vault)
    keep_house(house.vault)
    with house.vault.reading(OPERATOR) as ctx:
        assert grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id).state is GrantState.EXPIRED
        told = [line.event for line in trail.of_citizen(ctx, citizen_id=house.citizen_id, limit=200)]
        assert (told.count("grant:expired"), told.count("request:expired")) == (1, 1)
        left = [ctx.session.scalar(select(func.count()).select_from(model)) for model in (Token, SpentProof)]
        assert left == [0, 0]
    with house.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()


def test_a_strangers_request_expires_like_anyones(house: House) -> None:
    house.ask()
    with house.vault.transaction(house.service) as ctx:
        hint = requests.Hint.parse("ref:pas:nobody")
        asked = requests.Ask(
            service_id=house.service_id, hint=hint, purpose=CARE, fields=frozenset({"medication.name"})
        )
        requests.ask(ctx, asked=asked)
    house.clock.ahead = timedelta(days=30)
    keep_house(house.vault)
    with house.vault.reading(OPERATOR) as ctx:
        states = set(ctx.session.scalars(select(AccessRequest.__table__.c.state)))
    assert states == {"expired"}
