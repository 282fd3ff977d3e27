"""Is this way of contact safe? Asked before every letter and e-mail; only yes or no leaves the door.

What a person wrote about how not to contact them may be the most dangerous line of their record. The log says of
everybody alike that the vault checked, and never what it found.
"""

from typing import Any, Literal
from uuid import UUID

from vault.access.checking import CONTACT, open_for
from vault.context import Vault

ContactBy = Literal["email", "letter", "phone", "text"]


def contact_is_safe(vault: Vault, *, citizen_id: UUID, channel: ContactBy) -> bool:
    """
    Whether the citizen may be contacted by *channel*; the check is logged before anything is opened.

    A note in the person's own words closes every channel; one that lists ``channels`` closes those. No note: safe.

    Args:
        vault: The running vault, not within a transaction of the caller's.
        citizen_id: Whom it is about.
        channel: How they would be contacted.

    Raises:
        NotFoundError: No such citizen.
        NotAllowedError: The rules do not allow the check; then do not make contact.
        SealBrokenError: What they wrote does not open; then do not make contact.
        KeyDestroyedError: The citizen's keys were destroyed; then do not make contact.
    """
    opened = open_for(vault, CONTACT, citizen_id=citizen_id)
    return not any(_closes(held, channel) for record in opened for held in record.fields.values())


def _closes(held: Any, channel: ContactBy) -> bool:  # noqa: ANN401 -- any JSON value
    if isinstance(held, dict) and isinstance(held.get("channels"), list):
        return channel in held["channels"]
    return held not in (None, "", [], {})
