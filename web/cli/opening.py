"""Opening the vault for one command, and closing its writers when the command ends."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from vault.context import Vault
from vault.runtime import close_vault, create_vault, open_vault
from web.config import Config

TENANT: Final = "council"


def settings() -> Config:
    """
    The settings of this environment.

    Raises:
        SettingError: One is malformed.
    """
    return Config.from_environment(os.environ)


@contextmanager
def opened(config: Config | None = None) -> Iterator[Vault]:
    """
    The vault that the settings name, for as long as a command runs.

    Raises:
        VaultError: It cannot be opened; the message names the next step.
    """
    config = config or settings()
    vault = open_vault(database_url=config.database_url, root_key=config.root_key, tenant=TENANT, origin=config.origin)
    with _closing(vault):
        yield vault


@contextmanager
def created(config: Config | None = None) -> Iterator[Vault]:
    """The vault that the settings name, made first where it is missing, or brought up to this version."""
    config = config or settings()
    config.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    vault = create_vault(
        database_url=config.database_url, root_key=config.root_key, tenant=TENANT, origin=config.origin
    )
    with _closing(vault):
        yield vault


@contextmanager
def _closing(vault: Vault) -> Iterator[Vault]:
    try:
        yield vault
    finally:
        close_vault(vault)
