"""A run of the import: refused without what it must name, and asked of the rules like everyone else."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.vault.house import CARE, House, definition
from vault import citizens, purposes
from vault.context import OPERATOR
from vault.errors import ImportRefusedError
from vault.importing.run import Order, run_import
from vault.kinds import CitizenStatus

ORDER = Order(organisation="council", system="pas", purpose=CARE, agreement="DSA-1")


def bundle(folder: Path) -> Path:
    """One person with one condition, as a hospital would send them."""
    patient = {
        "resourceType": "Patient",
        "id": "E-1",
        "name": [{"use": "official", "family": "Marlow", "given": ["Edith"]}],
        "birthDate": "1944-03-02",
    }
    condition = {
        "resourceType": "Condition",
        "id": "c9",
        "subject": {"reference": "Patient/E-1"},
        "code": {"text": "Osteoarthritis of the knee"},
    }
    entries = [{"fullUrl": f"urn:x:{each['id']}", "resource": each} for each in (patient, condition)]
    path = folder / "edith.json"
    path.write_text(json.dumps({"resourceType": "Bundle", "type": "collection", "entry": entries}), encoding="utf-8")
    return path


@pytest.mark.parametrize("lacking", ["organisation", "system", "purpose", "agreement"])
def test_a_run_that_does_not_name_what_it_must_is_refused(house: House, tmp_path: Path, lacking: str) -> None:
    with pytest.raises(ImportRefusedError):
        run_import(house.vault, paths=[bundle(tmp_path)], order=replace(ORDER, **{lacking: ""}))  # type: ignore[arg-type]


def test_a_purpose_that_receives_nothing_brings_nothing_in(house: House, tmp_path: Path) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        purposes.register(ctx, definition=definition("reads-only", receives=False), first=None, second=None)
    with pytest.raises(ImportRefusedError):
        run_import(house.vault, paths=[bundle(tmp_path)], order=replace(ORDER, purpose="reads-only"))


def test_what_comes_in_joins_the_person_whom_the_organisation_verified(house: House, tmp_path: Path) -> None:
    first = run_import(house.vault, paths=[bundle(tmp_path)], order=ORDER)
    again = run_import(house.vault, paths=[bundle(tmp_path)], order=ORDER)
    assert first.people == {"verified-reference": 1}
    assert first.items["new"] == again.items["same"]
    assert "new" not in again.items


def test_a_closed_record_takes_nothing_in_and_nothing_half_written_stays(house: House, tmp_path: Path) -> None:
    with house.vault.transaction(OPERATOR) as ctx:
        citizens.set_status(ctx, citizen_id=house.citizen_id, status=CitizenStatus.CLOSED)
    with pytest.raises(ImportRefusedError, match="record-is-closed"):
        run_import(house.vault, paths=[bundle(tmp_path)], order=ORDER)
