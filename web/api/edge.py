"""What every view of the service protocol needs of the running app: vault, addresses, nonces, ids for one service."""

from dataclasses import dataclass
from typing import Final, cast
from uuid import UUID

from flask import Flask, current_app

from vault.context import Actor, Vault
from vault.ids import pairwise
from web.api.client_keys import ClientKeys, fetcher
from web.api.nonces import Nonces
from web.outgoing_http import OutgoingHttp
from web.runtime import Runtime

RECORDS_PATH: Final = "/api/v1/records"
API_PATH: Final = "/api/v1"
_EXTENSION: Final = "vault.api"


@dataclass(frozen=True, slots=True)
class Edge:
    """The service protocol's side of one running app."""

    vault: Vault
    issuer: str
    nonces: Nonces
    pairwise_key: bytes
    client_keys: ClientKeys
    certificates: bool
    """Whether tokens can be bound to clients' certificates: a proxy that says them is trusted."""

    def url(self, path: str) -> str:
        """The public address of *path*: what clients sign in a proof, whatever a proxy made of it."""
        return self.issuer + path

    def pairwise(self, service_id: UUID, inner: UUID) -> str:
        """The name of *inner* for one service, 32 hex digits."""
        return pairwise(self.pairwise_key, service_id, inner)


def init_app(app: Flask) -> None:
    """Derive the keys of this part from the vault's."""
    runtime = Runtime.of(app)
    keyring = runtime.vault.keyring
    app.extensions[_EXTENSION] = Edge(
        vault=runtime.vault,
        issuer=runtime.config.issuer,
        nonces=Nonces(keyring.derived("dpop-nonce")),
        pairwise_key=keyring.derived("pairwise"),
        certificates=bool(runtime.config.client_certificates_from),
        client_keys=ClientKeys(fetcher(OutgoingHttp(runtime.config.outgoing_networks))),
    )


def edge() -> Edge:
    """The current app's edge."""
    return of(current_app)


def of(app: Flask) -> Edge:
    """The edge of *app*."""
    return cast("Edge", app.extensions[_EXTENSION])


def service_actor(service_id: UUID, organisation_id: UUID) -> Actor:
    """A service that has proven who it is."""
    return Actor(kind="service", service_id=service_id, organisation_id=organisation_id)
