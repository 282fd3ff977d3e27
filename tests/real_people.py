"""The invented patients of the real input: who they are, and who plays which part by what their files say of them."""

import csv
import json
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from pathlib import Path
from typing import Final
from uuid import UUID

from tests.import_world import Home
from tests.real_input import Resource
from vault import citizens
from vault.context import OPERATOR

SNOMED: Final = "http://snomed.info/sct"


@dataclass(frozen=True)
class Someone:
    """One of the invented patients, as their file tells it."""

    file: Path
    resources: tuple[Resource, ...] = field(repr=False)
    row: Mapping[str, str] = field(repr=False)
    """Their British identifiers, from the overlay."""

    @property
    def patient(self) -> Resource:
        """Who they are."""
        return next(each for each in self.resources if each["resourceType"] == "Patient")

    @property
    def born(self) -> date:
        """Their birth date."""
        return date.fromisoformat(self.patient["birthDate"])

    @property
    def is_dead(self) -> bool:
        """Whether their file says that they died."""
        return "deceasedDateTime" in self.patient

    @property
    def age(self) -> int:
        """How old they are today, or would be."""
        today = date.today()  # noqa: DTZ011 -- the day on which the tests run, as people count
        return today.year - self.born.year - ((today.month, today.day) < (self.born.month, self.born.day))

    @property
    def hint(self) -> str:
        """How a service that has no number of its own for them asks for them."""
        return f"nhs:{self.row['nhs_number']}:{self.born}"

    def of(self, kind: str, status: str = "active") -> list[Resource]:
        """Their resources of one type that are so now."""
        found = [each for each in self.resources if each["resourceType"] == kind]
        return [each for each in found if _status(each) == status]

    def names(self, kind: str) -> set[str]:
        """What their resources of one type are about, in words."""
        key = {"MedicationRequest": "medicationCodeableConcept"}.get(kind, "code")
        return {each[key].get("text") or each[key]["coding"][0]["display"] for each in self.of(kind) if key in each}

    def sensitive(self) -> set[str]:
        """Their conditions of today that the vault's list of codes calls more private than others, in words."""
        return {each["code"]["text"] for each in self.of("Condition") if _codes(each) & sensitive_codes()}

    def usual(self) -> set[str]:
        """Their other conditions of today, in words."""
        return self.names("Condition") - self.sensitive()

    def citizen_id(self, home: Home) -> UUID:
        """Who they are in the vault."""
        with home.open() as vault, vault.reading(OPERATOR) as ctx:
            found = citizens.by_identity(ctx, nhs_number=self.row["nhs_number"], birth_date=self.born)
        assert found is not None
        return found


def _status(resource: Resource) -> str:
    given = resource.get("clinicalStatus") or resource.get("status")
    return str(given["coding"][0]["code"]) if isinstance(given, Mapping) else str(given)


def _codes(resource: Resource) -> set[str]:
    return {coding["code"] for coding in resource["code"]["coding"] if coding["system"] == SNOMED}


@cache
def sensitive_codes() -> frozenset[str]:
    """Every SNOMED CT code in the vault's list of what is more private than its category says."""
    import vault.sensitivity  # noqa: PLC0415 -- only its list is read here, not its judgement

    told = tomllib.loads(Path(vault.sensitivity.__file__).with_suffix(".toml").read_text(encoding="utf-8"))
    return frozenset(code for group in told.values() for code in group.get("sct", ()))


def everybody(folder: Path) -> list[Someone]:
    """All patients of the trimmed files below *folder*, by the names of the files."""
    with (folder / "uk_overlay.csv").open(encoding="utf-8") as file:
        overlay = {row["patient_id"]: row for row in csv.DictReader(file)}
    found = []
    for path in sorted((folder / "trimmed").glob("*.json")):
        resources = tuple(each["resource"] for each in json.loads(path.read_bytes())["entry"])
        patient = next((each for each in resources if each["resourceType"] == "Patient"), None)
        if patient is not None and patient["id"] in overlay:
            found.append(Someone(path, resources, overlay[patient["id"]]))
    return found


def one(people: list[Someone], wanted: Callable[[Someone], object]) -> Someone:
    """The first of *people* who is as *wanted*; they are taken out, so that nobody plays two parts."""
    found = next(each for each in people if wanted(each))
    people.remove(found)
    return found


@dataclass(frozen=True)
class Cast:
    """Who plays which part, chosen by what the files say of them."""

    decider: Someone
    """Takes a medicine, has an allergy."""
    taxed: Someone
    caller: Someone
    private: Someone
    """Has a condition that is more private than others, and one that is not."""
    watched: Someone
    dead: Someone
    dying: Someone
    """Lives, as far as the files know."""
    child: Someone
    young: Someone

    @classmethod
    def of(cls, people: list[Someone]) -> "Cast":
        """Choose from *people*, the rarest first."""
        left = list(people)

        def grown(each: Someone) -> bool:
            return each.age > 18 and not each.is_dead

        def allergic(each: Someone) -> bool:
            return grown(each) and bool(each.of("AllergyIntolerance")) and bool(each.of("MedicationRequest"))

        return cls(
            private=one(
                left, lambda each: grown(each) and each.sensitive() and each.names("Condition") - each.sensitive()
            ),
            decider=one(
                left, lambda each: grown(each) and each.of("AllergyIntolerance") and each.of("MedicationRequest")
            ),
            dead=one(left, lambda each: each.is_dead),
            child=one(left, lambda each: each.age < 12 and not each.is_dead),
            young=one(left, lambda each: 13 < each.age < 17 and not each.is_dead),
            taxed=one(left, grown),
            caller=one(left, lambda each: grown(each) and each.of("Condition")),
            watched=one(left, grown),
            dying=one(left, grown),
        )

    def everyone(self) -> list[Someone]:
        """All of them."""
        return list(vars(self).values())
