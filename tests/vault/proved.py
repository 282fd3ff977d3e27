"""The small vault with its log signed and proved."""

from dataclasses import dataclass
from functools import partial
from pathlib import Path

from sqlalchemy import text

from audit.sequencer import sequence
from audit.signer import Signer
from tests.vault.house import CARER, House
from vault.clock import microseconds
from vault.context import Vault
from vault.verifying import Outcome, verify


def signer_in(vault: Vault, folder: Path) -> Signer:
    """The keeper of the log's head, which it remembers in *folder*."""
    store = vault.keyring.store
    signer = Signer(partial(store.sign, "log"), store.public_key("log"), vault.origin, folder / "head.json")
    signer.begin()
    return signer


def place(vault: Vault, signer: Signer) -> None:
    """Give every entry its place in the tree."""
    sequence(
        vault.db.write,
        writer_key=vault.keyring.writer_key,
        signer=signer,
        now_us=microseconds(vault.clock()),
        writers=vault.writers,
    )


@dataclass
class Proved:
    """The small vault, its signer, and a way to prove it."""

    house: House
    signer: Signer
    path: Path

    def place(self) -> None:
        place(self.house.vault, self.signer)

    def verify(self, *, whole: bool = False, kept: tuple[str, ...] = ()) -> Outcome:
        return verify(self.house.vault, signer=self.signer, path=self.path, whole=whole, kept=kept)

    def look(self) -> None:
        self.house.read(self.house.token(self.house.grant()), acting=CARER)
        self.place()

    def do(self, *statements: str) -> None:
        with self.house.vault.db.write.begin() as connection:
            for statement in statements:
                connection.execute(text(statement))

    def note(self) -> str:
        with self.house.vault.db.read.connect() as connection:
            found = connection.execute(text("SELECT note FROM audit_checkpoints ORDER BY size DESC LIMIT 1"))
            return str(found.scalar_one())


def proved_vault(house: House, folder: Path) -> Proved:
    """*house* after one look, with a signer of its log in *folder*."""
    found = Proved(house, signer_in(house.vault, folder), folder / "log-verified")
    found.look()
    return found
