"""The ID token: who was asked, under a name for this service alone, as the vault's own key says it."""

from typing import Any, Final

from joserfc import jwt
from joserfc.errors import JoseError, UnsupportedAlgorithmError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from web.client.errors import AnswerUnsoundError
from web.client.sending import Sender, check

ALGORITHMS: Final = ("ES256", "PS256", "Ed25519", "EdDSA")
LEEWAY_SECONDS: Final = 60  # how far the two clocks may differ


class _Registry(JWSRegistry):
    """joserfc's registry of these algorithms alone, with the older name of Ed25519 (RFC 9864), which many still use."""

    def get_alg(self, name: str) -> Any:  # noqa: ANN401 -- joserfc's own model
        """The algorithm *name*, if it is one of `ALGORITHMS`."""
        if name not in ALGORITHMS:
            raise UnsupportedAlgorithmError("the ID token is signed with an algorithm that is not taken")
        return self.algorithms[name]


_REGISTRY: Final = _Registry(algorithms=list(ALGORITHMS))


class Issuer:
    """The vault's public keys, fetched when they are needed, and again where a key is not known."""

    def __init__(self, sender: Sender) -> None:
        self._sender = sender
        self._keys: KeySet | None = None

    def subject(self, id_token: object, *, client_id: str, nonce: str | None = None) -> str:
        """
        The person's name for this service, once signature, issuer, audience, times and nonce hold.

        Raises:
            AnswerUnsoundError: They do not (OpenID Connect Core 1.0, section 3.1.3.7).
        """
        claims = self._claims(id_token)
        try:
            jwt.JWTClaimsRegistry(
                leeway=LEEWAY_SECONDS,
                iss={"essential": True, "value": self._sender.issuer},
                aud={"essential": True},
                sub={"essential": True},
                exp={"essential": True},
            ).validate(claims)
        except JoseError:
            raise AnswerUnsoundError("the ID token's claims do not hold") from None
        if claims["aud"] != client_id or (nonce is not None and claims.get("nonce") != nonce):
            raise AnswerUnsoundError("the ID token is for somebody else, or for another request")
        return str(claims["sub"])

    def _claims(self, id_token: object) -> dict[str, Any]:
        if not isinstance(id_token, str):
            raise AnswerUnsoundError("there is no ID token")
        for fresh in (False, True):  # the vault's key may have changed since it was fetched
            try:
                return dict(jwt.decode(id_token, self._known(fresh=fresh), registry=_REGISTRY).claims)
            except (JoseError, ValueError):
                continue
        raise AnswerUnsoundError("the ID token's signature does not hold")

    def _known(self, *, fresh: bool) -> KeySet:
        if fresh or self._keys is None:
            told = check(self._sender.send("GET", f"{self._sender.issuer}/jwks")).json
            self._keys = KeySet.import_key_set({"keys": told.get("keys", [])})
        return self._keys
