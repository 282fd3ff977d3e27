"""Opening the vault that the settings name, for one command or one worker, and closing its writers at the end."""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Final

from audit.errors import CheckpointNotFoundError, HeadExistsError
from audit.read import checkpoint
from audit.signer import Signer
from vault.clock import microseconds
from vault.context import Vault
from vault.refusals import hand_over
from vault.runtime import create_vault, open_vault
from web.config import Config
from web.sandbox import note

TENANT: Final = "council"


def settings() -> Config:
    """
    The settings of this environment.

    Raises:
        SettingError: One is malformed.
    """
    return Config.from_environment(os.environ)


def open_for(config: Config) -> Vault:
    """
    The vault that *config* names, open until `close`.

    Raises:
        VaultError: It cannot be opened; the message names the next step.
    """
    return open_vault(
        database_url=config.database_url, root_key=config.root_key, tenant=tenant_of(config), origin=config.origin
    )


def tenant_of(config: Config) -> str:
    """
    The name that every key is derived under and every row authenticated under: a sandbox has another than a vault.

    INVARIANT: a mark put into a real vault's home, or a real database named to a sandbox, opens nothing.
    """
    return note.TENANT if note.is_marked(config.home) else TENANT


@contextmanager
def opened(config: Config | None = None) -> Iterator[Vault]:
    """
    The vault that the settings name, for as long as a command runs.

    Raises:
        VaultError: It cannot be opened; the message names the next step.
    """
    vault = open_for(config or settings())
    with _closing(vault):
        yield vault


@contextmanager
def created(config: Config | None = None) -> Iterator[Vault]:
    """The vault that the settings name, made first where it is missing, or brought up to this version."""
    config = config or settings()
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault = create_vault(
        database_url=config.database_url, root_key=config.root_key, tenant=tenant_of(config), origin=config.origin
    )
    with _closing(vault):
        begin_log(vault, config)
        yield vault


@contextmanager
def _closing(vault: Vault) -> Iterator[Vault]:
    try:
        yield vault
    finally:
        close(vault)


def close(vault: Vault) -> None:
    """Hand over what was counted, end the log's writers of this process with a leaf each, and let the database go."""
    hand_over(vault, vault.sums)
    with vault.db.write.begin() as connection:
        vault.writers.close(connection, time_us=microseconds(vault.clock()))
    vault.db.dispose()


def signer_of(vault: Vault, config: Config) -> Signer:
    """The keeper of the log's last head, which stands beside its key."""
    store = vault.keyring.store
    head = Path(config.root_key.removeprefix("file:")) / "log-head.json"
    return Signer(partial(store.sign, "log"), store.public_key("log"), config.origin, head)


def begin_log(vault: Vault, config: Config) -> None:
    """Remember the empty log of a vault that is new; a head that is missing later is an error and stays one."""
    try:
        with vault.db.read.connect() as connection:
            checkpoint(connection)
    except CheckpointNotFoundError:
        with suppress(HeadExistsError):
            signer_of(vault, config).begin()
