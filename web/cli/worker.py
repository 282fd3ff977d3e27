"""What each worker of ``citizen-vault serve`` loads: the application, and a watch over the process that began it.

A worker whose parent was killed would go on answering at the port, with nobody to stop it; so it stops by itself.
"""

import os
import signal
import threading
import time
from typing import Final

from flask import Flask

from web import wsgi

LOOK_SECONDS: Final = 1
GRACE_SECONDS: Final = 10


def make() -> Flask:
    """The application, in a worker that ends with its parent; raises like `web.wsgi.make`."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    return wsgi.make()


def _end_with(parent: int) -> None:
    """End this process when *parent* is gone: gently, and after a while in any case."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
