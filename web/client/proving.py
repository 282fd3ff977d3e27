"""Calls that prove who makes them: an assertion or a token, a DPoP proof, and the vault's nonce sent back once."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from web.client import sending
from web.client.errors import ProblemError
from web.client.keys import ProofKey, ServiceKey
from web.client.sending import Answer, Body, Sender

ASSERTION: Final = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
NONCE: Final = "DPoP-Nonce"
NEEDS_NONCE: Final = "use_dpop_nonce"


class Prover:
    """One service and its two keys, as they show themselves to one vault."""

    def __init__(self, sender: Sender, client_id: str, key: ServiceKey, proof_key: ProofKey) -> None:
        self.sender: Final = sender
        self.client_id: Final = client_id
        self.proof_key: Final = proof_key
        self._key = key
        self._nonce: str | None = None

    def signed_in(self) -> dict[str, str]:
        """The members of a form by which the service authenticates, good for one call."""
        return {
            "client_assertion_type": ASSERTION,
            "client_assertion": self._key.assertion(self.client_id, self.sender.issuer),
        }

    def form(self, path: str, members: Mapping[str, object], *, proven: bool = True) -> dict[str, Any]:
        """
        Post a form to an OAuth endpoint, with a proof of the key where *proven*.

        Raises:
            ProblemError: The vault says no.
            NoAnswerError: Nobody answered.
        """

        def call() -> Answer:
            url = self.sender.issuer + path
            proof = {"DPoP": self.proof_key.proof("POST", url, nonce=self._nonce)} if proven else {}
            body = sending.form({**members, **self.signed_in()})
            return self.sender.send("POST", url, headers={"Content-Type": sending.FORM, **proof}, body=body)

        answer = self._with_nonce(call)
        return answer.json if answer.body else {}

    def call(
        self,
        method: str,
        url: str,
        *,
        token: str,
        headers: Mapping[str, str] | None = None,
        body: Body = None,
        into: Path | None = None,
    ) -> Answer:
        """
        Call the data API with *token* and a proof for this very call; the answer's body goes *into* a file, if named.

        Raises as `form` does.
        """

        def call() -> Answer:
            plain = urlsplit(url)._replace(query="", fragment="").geturl()
            proof = self.proof_key.proof(method, plain, nonce=self._nonce, token=token)
            shown = {"Authorization": f"DPoP {token}", "DPoP": proof}
            told = {**(headers or {}), **shown}
            if into is not None:
                return self.sender.fetch(url, into, headers=told)
            return self.sender.send(method, url, headers=told, body=body)

        return self._with_nonce(call)

    def _with_nonce(self, call: Callable[[], Answer]) -> Answer:
        """Make the call; where only the nonce was missing or old, make it once more with the one that came."""
        for again in (True, False):
            answer = call()
            self._nonce = answer.headers.get(NONCE, self._nonce)
            try:
                return sending.check(answer)
            except ProblemError as error:
                if error.code != NEEDS_NONCE or not again:
                    raise
        raise AssertionError("the second call returns or raises")
