"""Where to write to a person when something waits for them: e-mail, or name and address; each look logged first."""

import re
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from vault.access.checking import EMAIL, POSTAL, open_for
from vault.context import SYSTEM, Actor, Vault
from vault.release import RecordView

_EMAIL: Final = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
"""An address as people have it (HTML, section 4.10.5.1.5); what is odder gets no mail."""


@dataclass(frozen=True, slots=True)
class Postal:
    """Whom and where to write a letter."""

    name: str = field(repr=False)
    address: str = field(repr=False)


def email_of(vault: Vault, *, citizen_id: UUID) -> str | None:
    """
    The newest e-mail address in the person's own record, or none.

    Raises:
        NotFoundError: No such citizen.
        NotAllowedError: The rules do not allow it; then do not write.
    """
    found = _newest(open_for(vault, EMAIL, citizen_id=citizen_id), "contact.email")
    matched = _EMAIL.search(found) if found else None
    return matched[0] if matched else None


def postal_of(vault: Vault, *, citizen_id: UUID, reader: Actor = SYSTEM) -> Postal | None:
    """
    The person's name and address, or nothing where there is no address.

    Args:
        vault: The running vault, not within a transaction of the caller's.
        citizen_id: Whom it is about.
        reader: Who gets to see it, as the log tells: the vault's own process, or the officer who prints the letter.

    Raises:
        NotFoundError: No such citizen.
        NotAllowedError: The rules do not allow it; then do not write.
    """
    records = open_for(vault, POSTAL, citizen_id=citizen_id, reader=reader)
    address = _newest(records, "contact.address")
    return Postal(_newest(records, "identity.name") or "", address) if address else None


def _newest(records: tuple[RecordView, ...], name: str) -> str | None:
    said = [record for record in records if record.fields.get(name)]
    said.sort(key=lambda record: (record.as_of or "", record.received_at))
    return str(said[-1].fields[name]) if said else None
