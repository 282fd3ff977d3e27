"""What each worker of ``citizen-vault serve`` loads: the application, its housekeeping, and a watch over its parent.

A worker whose parent was killed would go on answering at the port, with nobody to stop it; so it stops by itself.
"""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from functools import partial
from typing import Final

from flask import Flask

from vault import deliveries, outgoing, pings, webhooks
from vault.context import Vault
from vault.housekeeping import keep_house
from web import wsgi
from web.lanes import Lanes
from web.mailer import mailer_of
from web.outgoing_http import OutgoingHttp
from web.pinging import Pinger
from web.runtime import Runtime
from web.sandbox import note
from web.webhooks import HttpCourier

LOOK_SECONDS: Final = 1
HOUSE_SECONDS: Final = 60
TELL_SECONDS: Final = 3
DELIVERY_SECONDS: Final = 1
GRACE_SECONDS: Final = 10


def make() -> Flask:
    """The application, in a worker that ends with its parent; raises like `web.wsgi.make`."""
    threading.Thread(target=_end_with, args=(os.getppid(),), daemon=True).start()
    app = wsgi.make()
    runtime = app.extensions["vault"]
    assert isinstance(runtime, Runtime)  # noqa: S101 -- put there by create_app
    threading.Thread(target=_keep_house, args=(runtime.vault, mailer_of(runtime.config)), daemon=True).start()
    outgoing_http = OutgoingHttp(runtime.config.outgoing_networks)
    courier = HttpCourier(runtime.vault, runtime.config.issuer, outgoing_http)
    tell = partial(tell_services, runtime.vault, Lanes(), Pinger(outgoing_http), courier)
    threading.Thread(target=_go_on_telling, args=(tell,), daemon=True).start()
    if note.is_marked(runtime.config.home):
        from web.sandbox import answering  # noqa: PLC0415 -- a vault that is no sandbox never loads it

        residents = (runtime.vault, note.read(runtime.config.home))
        threading.Thread(target=answering.stop_on, args=residents, daemon=True).start()
    threading.Thread(target=_put_away, args=(runtime.vault,), daemon=True).start()
    return app


def _keep_house(vault: Vault, mailer: outgoing.Mailer | None) -> None:
    """Once a minute, as long as this process lives; what goes wrong is said and tried again a minute later."""
    while True:
        try:
            keep_house(vault)
            if mailer is not None:
                outgoing.send_due(vault, mailer)
        except Exception:
            logging.getLogger("citizen-vault").exception("housekeeping failed; it is tried again in a minute")
        time.sleep(HOUSE_SECONDS)


def tell_services(vault: Vault, lanes: Lanes, pinger: Pinger, courier: HttpCourier) -> None:
    """Begin to tell every service what is due for it, pings and events apart; none waits for another."""
    for service_id in pings.due(vault):
        lanes.offer(("ping", service_id), partial(pings.tell, vault, pinger, service_id=service_id))
    for service_id in webhooks.due(vault):
        lanes.offer(("event", service_id), partial(webhooks.deliver, vault, courier, service_id=service_id))


def _go_on_telling(tell: Callable[[], None]) -> None:
    """Every few seconds, as long as this process lives."""
    while True:
        try:
            tell()
        except Exception:
            logging.getLogger("citizen-vault").exception("services could not be told; it is tried again")
        time.sleep(TELL_SECONDS)


def _put_away(vault: Vault) -> None:
    """What services delivered, every second, as long as this process lives."""
    while True:
        try:
            deliveries.take_due(vault)
        except Exception:
            logging.getLogger("citizen-vault").exception("deliveries could not be put away; it is tried again")
        time.sleep(DELIVERY_SECONDS)


def _end_with(parent: int) -> None:
    """End this process when *parent* is gone: gently, and after a while in any case."""
    while os.getppid() == parent:
        time.sleep(LOOK_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE_SECONDS)
    os._exit(1)
