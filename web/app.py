"""The application: the only place where its parts are joined."""

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

from vault.context import Vault
from web import (
    api,
    auth,
    certificates,
    compressed,
    delay_words,
    errors,
    file_words,
    headers,
    hook_words,
    limits,
    pages,
    proving,
    registry_words,
    session,
    words,
)
from web.config import Config
from web.runtime import Runtime
from web.sandbox import note

__all__ = ["Runtime", "create_app"]


def create_app(config: Config, vault: Vault) -> Flask:
    """Build the application that serves *vault* under *config*."""
    app = Flask("web")
    app.extensions["vault"] = Runtime(config=config, vault=vault)
    telling = (words, registry_words, delay_words, hook_words, file_words)
    for part in (*telling, headers, compressed, session, limits, auth, errors, api, pages, proving):
        part.init_app(app)
    if config.demo:
        from web.demo import pages as demo  # noqa: PLC0415 -- a vault that is no demo never loads it

        demo.init_app(app)
    if note.is_marked(config.home):
        from web.sandbox import pages as sandbox  # noqa: PLC0415 -- as above

        sandbox.init_app(app)
    if config.proxies:
        hops = config.proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=hops)  # type: ignore[method-assign]
    certificates.init_app(app)  # last, so that it sees who really connected
    return app
