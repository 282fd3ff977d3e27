"""Mail on its way: each says that something waits, and nothing else; where it may go is asked anew for each one.

A mail is claimed by moving its due time, so no two processes send it; when sending fails it comes due again, later each
time. Whether contact is safe is checked first, and in doubt there is no mail.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from sqlalchemy import delete, select, update

from audit.events import Event
from vault import access
from vault.confidential import close_for_house, open_for_house
from vault.context import SYSTEM, Context, Vault
from vault.errors import VaultError
from vault.journal import note
from vault.models import OutgoingMail

AT_ONCE: Final = 50
"""Mails in one turn; the next turn takes the next."""
FIRST_WAIT: Final = timedelta(minutes=2)
MOST_TRIES: Final = 9  # the waits double from two minutes: about 17 hours in all
_WHAT: Final = "mail"


class MailFailedError(VaultError):
    """The mail server did not take the mail; it is tried again later."""

    code = "mail_failed"


class Mailer(Protocol):
    """What hands a mail to a mail server."""

    def send(self, address: str) -> None:
        """
        Send the one line to *address*.

        Raises:
            MailFailedError: It was not taken.
        """


@dataclass(frozen=True, slots=True)
class Sent:
    """What one turn did."""

    sent: int = 0
    failed: int = 0
    dropped: int = 0
    """Nobody to write to, not safe, or tried too often."""


def send_due(vault: Vault, mailer: Mailer) -> Sent:
    """Send what is due, each at most once; a mail server that does not answer costs the rest of this turn nothing."""
    with vault.reading(SYSTEM) as ctx:
        due = ctx.session.execute(
            select(OutgoingMail.citizen_id, OutgoingMail.due_at)
            .where(OutgoingMail.due_at <= ctx.now, OutgoingMail.by_letter.is_(False))
            .order_by(OutgoingMail.due_at)
            .limit(AT_ONCE)
        ).all()
    done = [_one(vault, mailer, citizen_id, due_at) for citizen_id, due_at in due]
    return Sent(sent=done.count("sent"), failed=done.count("failed"), dropped=done.count("dropped"))


def _one(vault: Vault, mailer: Mailer, citizen_id: UUID, due_at: datetime) -> str:
    with vault.transaction(SYSTEM) as ctx:
        tries = _claim(ctx, citizen_id, due_at)
    if tries is None:
        return "taken"
    address = _address(vault, citizen_id)
    if address is None:
        return "dropped"
    try:
        mailer.send(address)
    except MailFailedError:
        return _failed(vault, citizen_id, tries)
    with vault.transaction(SYSTEM) as ctx:
        _forget(ctx, citizen_id)
        note(ctx, Event.NOTICE_MAILED, citizen_id=citizen_id, facts={})
    return "sent"


def _claim(ctx: Context, citizen_id: UUID, due_at: datetime) -> int | None:
    """Take one mail for this process; the number of this try, or nothing where another process took it."""
    row = ctx.session.get(OutgoingMail, citizen_id)
    if row is None or row.due_at != due_at:
        return None
    tries = row.tries + 1
    ctx.session.expunge(row)
    claimed = (
        update(OutgoingMail)
        .where(OutgoingMail.citizen_id == citizen_id, OutgoingMail.due_at == due_at)
        .values(tries=tries, due_at=ctx.now + FIRST_WAIT * 2 ** (tries - 1))
        .execution_options(synchronize_session=False)
        .returning(OutgoingMail.citizen_id)
    )
    return tries if ctx.session.execute(claimed).first() is not None else None


def _address(vault: Vault, citizen_id: UUID) -> str | None:
    """Where the mail may go; nothing where contact is not safe, in doubt, or there is no address."""
    address = None
    try:
        safe = access.contact_is_safe(vault, citizen_id=citizen_id, channel="email")
        if safe:
            address = _known(vault, citizen_id) or access.email_of(vault, citizen_id=citizen_id)
    except VaultError:
        safe = False  # in doubt, no mail: the notice in the portal stays
    with vault.transaction(SYSTEM) as ctx:
        row = ctx.session.get(OutgoingMail, citizen_id)
        if row is None:
            return None
        if not safe:
            ctx.session.delete(row)
            return None
        if address is None:
            row.by_letter = True
            return None
        if row.sealed_address is None:
            row.sealed_address = close_for_house(ctx, what=_WHAT, row_id=citizen_id, words={"to": address})
    return str(address)


def _known(vault: Vault, citizen_id: UUID) -> str | None:
    """The address that an earlier try read already."""
    with vault.reading(SYSTEM) as ctx:
        row = ctx.session.get(OutgoingMail, citizen_id)
        if row is None or row.sealed_address is None:
            return None
        return str(open_for_house(ctx, what=_WHAT, row_id=citizen_id, sealed=row.sealed_address)["to"])


def _failed(vault: Vault, citizen_id: UUID, tries: int) -> str:
    if tries < MOST_TRIES:
        return "failed"
    with vault.transaction(SYSTEM) as ctx:
        _forget(ctx, citizen_id)
    return "dropped"


def _forget(ctx: Context, citizen_id: UUID) -> None:
    ctx.session.execute(delete(OutgoingMail).where(OutgoingMail.citizen_id == citizen_id))


def letters(vault: Vault) -> list[access.Postal]:
    """
    Whom the council should write a letter, as there is no e-mail: name and address, each look logged.

    Who may not be written to is left out and forgotten; so is each who is listed here.
    """
    with vault.reading(SYSTEM) as ctx:
        waiting = list(ctx.session.scalars(select(OutgoingMail.citizen_id).where(OutgoingMail.by_letter.is_(True))))
    found = [postal for citizen_id in waiting if (postal := _postal(vault, citizen_id)) is not None]
    with vault.transaction(SYSTEM) as ctx:
        for citizen_id in waiting:
            _forget(ctx, citizen_id)
    return found


def _postal(vault: Vault, citizen_id: UUID) -> access.Postal | None:
    try:
        if not access.contact_is_safe(vault, citizen_id=citizen_id, channel="letter"):
            return None
        return access.postal_of(vault, citizen_id=citizen_id)
    except VaultError:
        return None
