"""What was kept long enough goes, with its log entry; what is on hold or in a case stays, and the log still holds."""

from datetime import timedelta

from sqlalchemy import text

from audit.events import Event
from audit.read import every_leaf
from tests.vault.house import House
from vault import cases, counts, disposal
from vault.context import OPERATOR
from vault.holding import hold
from vault.journal import note
from vault.kinds import CaseKind
from vault.models import Record


def expire(house: House, name: str, *, hold_it: bool = False) -> None:
    """Give one item a day that has come, as a change that is logged."""
    with house.vault.transaction(OPERATOR) as ctx:
        row = ctx.session.get(Record, (house.citizen_id, house.record_ids[name]))
        assert row
        row.dispose_after = ctx.now - timedelta(days=1)
        row.legal_hold = hold_it
        note(ctx, Event.RECORD_WRITTEN, citizen_id=house.citizen_id, facts={})


def whole(house: House) -> bool:
    with house.vault.db.snapshot() as session:
        return hold(session).defects == ()


def run(house: House) -> int:
    with house.vault.transaction(OPERATOR) as ctx:
        return sum(disposal.dispose(ctx, item=item) for item in disposal.due(ctx))


def items(house: House) -> int:
    with house.vault.reading(OPERATOR) as ctx:
        return sum(count.items for count in counts.of_citizen(ctx, citizen_id=house.citizen_id))


def test_what_is_due_goes_with_an_entry_and_the_tables_stay_as_the_log_says(house: House) -> None:
    before = items(house)
    assert run(house) == 0
    expire(house, "allergy")
    assert run(house) == 1
    assert items(house) == before - 1
    assert whole(house)
    with house.vault.db.snapshot() as session:
        assert [str(leaf.event) for leaf in every_leaf(session)].count("record:disposed") == 1
        seals = session.execute(text("SELECT count(*) FROM seals")).scalar()
    assert seals == before - 1
    assert run(house) == 0


def test_a_legal_hold_and_an_open_case_keep_an_item(house: House) -> None:
    expire(house, "allergy", hold_it=True)
    expire(house, "condition")
    with house.vault.transaction(house.citizen) as ctx:
        cases.open_case(
            ctx,
            citizen_id=house.citizen_id,
            kind=CaseKind.CORRECTION,
            service_id=house.service_id,
            statement="This is not mine.",
            record_id=house.record_ids["condition"],
        )
    assert run(house) == 0
    assert whole(house)


def test_a_record_deleted_by_hand_is_still_named(house: House) -> None:
    with house.vault.db.write.begin() as connection:
        connection.execute(text("DELETE FROM seals"))
    assert not whole(house)
