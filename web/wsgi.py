"""What a WSGI server loads: ``web.wsgi:make``, called once in each worker process."""

import os

from flask import Flask

from vault.runtime import open_vault
from web.app import create_app
from web.config import Config


def make() -> Flask:
    """
    Open the vault that the environment names, and serve it.

    Raises:
        SettingError: A setting is malformed.
        VaultError: The database or the key store cannot be used.
    """
    config = Config.from_environment(os.environ)
    vault = open_vault(database_url=config.database_url, root_key=config.root_key, origin=config.origin)
    return create_app(config, vault)
