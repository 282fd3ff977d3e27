"""What a WSGI server loads: ``web.wsgi:make``, called once in each worker process."""

import os
from multiprocessing.util import Finalize

from flask import Flask

from web.app import create_app
from web.config import Config
from web.opening import close, open_for


def make() -> Flask:
    """
    Open the vault that the environment names, and serve it.

    Raises:
        SettingError: A setting is malformed.
        VaultError: The database or the key store cannot be used.
    """
    config = Config.from_environment(os.environ)
    vault = open_for(config)
    Finalize(None, close, (vault,), exitpriority=1)  # a worker process ends its writers before it goes
    return create_app(config, vault)
