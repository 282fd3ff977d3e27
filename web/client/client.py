"""The client: each method is one thing that a service does with the vault."""

import time
from collections.abc import Callable

from web.client.asking import Asking
from web.client.data import Data
from web.client.documents import Documents
from web.client.identity import Issuer
from web.client.keys import ProofKey, ServiceKey
from web.client.proving import Prover
from web.client.sending import Sender


class VaultClient(Asking, Data, Documents):
    """
    One service at one vault. Safe to share between threads that each make their own calls.

    Args:
        issuer: The vault's address, such as ``https://vault.example.org``; plain http on this machine only.
        client_id: The service's slug, as it is registered.
        key: The private key whose public half is registered.
        proof_key: The key that tokens are bound to; a new one where left out. Keep it to refresh after a restart.
        ca_file: Certificates to trust instead of the system's, where the vault's is the council's own.
        sleep: What `wait` waits with, in seconds.
    """

    def __init__(
        self,
        issuer: str,
        client_id: str,
        key: ServiceKey,
        *,
        proof_key: ProofKey | None = None,
        ca_file: str | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        sender = Sender(issuer, ca_file=ca_file)
        self._prover = Prover(sender, client_id, key, proof_key or ProofKey.make())
        self._issuer = Issuer(sender)
        self._sleep = sleep

    @property
    def proof_key(self) -> ProofKey:
        """The key that tokens are bound to."""
        return self._prover.proof_key
