"""What a resident said of a share, written down while the resident acts themselves; on both databases."""

import threading

from tests.vault.house import House
from vault import grants
from vault.errors import WrongStateError
from vault.grants import Spoken
from vault.kinds import Channel, GrantState

SAID = Spoken(Channel.PHONE, "Edith rang from the number we know")


def test_a_share_that_its_resident_stops_at_the_same_moment_stays_stopped(house: House) -> None:
    grant, officer = house.grant(), house.officer()
    outcomes: list[str] = []

    def narrow() -> None:
        try:
            with house.vault.transaction(officer) as ctx:
                keep = frozenset(sorted(grant.fields)[:1])
                grants.narrow_as_said(ctx, grant_id=grant.grant_id, keep=keep, said=SAID)
        except WrongStateError:
            outcomes.append("ended")
        else:
            outcomes.append("narrowed")

    other = threading.Thread(target=narrow)
    with house.vault.transaction(house.citizen) as ctx:
        grants.withdraw(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id)
        other.start()
        other.join(0.3)
    other.join()
    assert outcomes == ["ended"]
    with house.vault.reading(house.citizen) as ctx:
        found = grants.view(ctx, citizen_id=house.citizen_id, grant_id=grant.grant_id)
    assert (found.state, found.fields) == (GrantState.WITHDRAWN, grant.fields)
