"""Whom a service means: a hint in one of two forms, read the same however it is spelled."""

from dataclasses import dataclass
from datetime import date
from typing import Literal, Self
from uuid import UUID

from vault.errors import InvalidInputError
from vault.identifiers import normalise_nhs_number, normalise_reference


@dataclass(frozen=True, slots=True)
class Hint:
    """Whom a service means: by its own reference, or by NHS number and birth date."""

    kind: Literal["ref", "nhs", "present"]
    system: str
    value: str
    born: date | None = None
    """For a reference that counts only together with this birth date: an officer types both."""

    @property
    def normalised(self) -> str:
        """The same text for every spelling by which the same person would be found."""
        if self.kind == "present":
            return self.value
        if self.kind == "ref":
            alone = f"{self.system}|{normalise_reference(self.value)}"
            return f"{alone}|{self.born.isoformat()}" if self.born else alone
        return f"{normalise_nhs_number(self.system)}|{date.fromisoformat(self.value).isoformat()}"

    @classmethod
    def present(cls, citizen_id: UUID) -> Self:
        """Whoever is here themselves, found by their own sign-in. No service can spell it."""
        return cls("present", "", citizen_id.hex)

    @classmethod
    def parse(cls, text: str) -> Self:
        """
        Read ``ref:SYSTEM:VALUE`` or ``nhs:NUMBER:YYYY-MM-DD``.

        Raises:
            InvalidInputError: It has neither form.
        """
        kind, _, rest = text.partition(":")
        first, _, second = rest.partition(":")
        if not first or not second or len(text) > 200:  # noqa: PLR2004 -- far longer than any reference
            raise InvalidInputError("a hint is `ref:SYSTEM:VALUE` or `nhs:NUMBER:YYYY-MM-DD`")
        if kind == "ref":
            return cls("ref", first, second)
        if kind == "nhs" and _is_date(second):
            return cls("nhs", first, second)
        raise InvalidInputError("a hint is `ref:SYSTEM:VALUE` or `nhs:NUMBER:YYYY-MM-DD`")


def _is_date(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
