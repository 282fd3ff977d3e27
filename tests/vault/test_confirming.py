"""After a look-up the door compares with what is sealed: yes or no, logged, and no value."""

from typing import Any

import pytest
from sqlalchemy import text

from audit.events import Event
from tests.vault.house import House
from vault.access import confirm_identity
from vault.context import OPERATOR
from vault.errors import InvalidInputError, SealBrokenError
from vault.holding import hold
from vault.kinds import RecordStatus
from vault.trail import of_citizen

NUMBER = "943 476 5919"


@pytest.fixture
def edith(house: House) -> House:
    """The resident, whose number and birth date the council holds too."""
    house.keep("identity", "i2", {"identity.nhs_number": "9434765919", "identity.date_of_birth": "1944-02-29"})
    return house


def confirmed(house: House, *, known: bool = True, **given: Any) -> bool:
    fields = {f"identity.{name}": value for name, value in given.items()}
    citizen_id = house.citizen_id if known else None
    return confirm_identity(house.vault, actor=house.service, citizen_id=citizen_id, given=fields)


def waiting(house: House) -> list[tuple[str, int, int, bool]]:
    """Each entry in the outbox: its event, the lengths of leaf and payload, and whether it names a subject."""
    with house.vault.db.read.connect() as connection:
        rows = connection.execute(text("SELECT leaf, payload, subject FROM audit_outbox ORDER BY id")).all()
    return [
        (leaf.split(b'"event":"')[1].split(b'"')[0].decode(), len(leaf), len(payload or b""), subject is not None)
        for leaf, payload, subject in rows
    ]


def test_what_agrees_in_any_spelling_is_confirmed(edith: House) -> None:
    assert confirmed(edith, nhs_number=NUMBER, date_of_birth="1944-02-29")
    assert confirmed(edith, name="  edith MARLOW ", nhs_number="943-476-5919")


@pytest.mark.parametrize(
    "given",
    [{"nhs_number": "9434765870"}, {"nhs_number": NUMBER, "date_of_birth": "1944-02-28"}, {"name": "Edith Marlowe"}],
)
def test_one_difference_is_a_no(edith: House, given: dict[str, Any]) -> None:
    assert not confirmed(edith, **given)


def test_what_is_not_held_is_not_confirmed(edith: House) -> None:
    assert not confirmed(edith, council_reference="C-1")


def test_what_was_entered_in_error_confirms_nothing(edith: House) -> None:
    edith.keep("identity", "i3", {"identity.name": "Edna Marlow"}, status=RecordStatus.ENTERED_IN_ERROR)
    assert not confirmed(edith, name="Edna Marlow")


def test_known_and_unknown_leave_the_same_entry_before_the_answer(edith: House) -> None:
    answers = [
        confirmed(edith, nhs_number=NUMBER),
        confirmed(edith, nhs_number="9434765870"),
        confirmed(edith, known=False, nhs_number=NUMBER),
    ]
    assert answers == [True, False, False]
    left = waiting(edith)[-3:]
    assert {event for event, *_ in left} == {Event.CITIZEN_LOOKED_UP}
    assert len({(length, payload, subject) for _, length, payload, subject in left}) == 1
    with edith.vault.snapshot(OPERATOR) as ctx:
        assert hold(ctx.session).defects == ()
        assert Event.CITIZEN_LOOKED_UP not in {line.event for line in of_citizen(ctx, citizen_id=edith.citizen_id)}


def test_an_identity_that_does_not_open_is_said_in_the_log_and_confirms_nothing(edith: House) -> None:
    with edith.vault.db.write.begin() as connection:
        connection.execute(text("UPDATE seals SET sealed = :broken"), {"broken": bytes(120)})
    with pytest.raises(SealBrokenError):
        confirmed(edith, nhs_number=NUMBER)
    assert waiting(edith)[-1][0] == Event.RECORD_UNSEAL_FAILED


@pytest.mark.parametrize("given", [{}, {"sex": "female"}])
def test_only_identifiers_are_compared(edith: House, given: dict[str, Any]) -> None:
    with pytest.raises(InvalidInputError):
        confirmed(edith, **given)
