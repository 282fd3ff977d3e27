"""A client of the vault for services: ask a citizen, wait, read, write back, read many, give back.

It stands alone: it imports nothing of the vault's, and needs `joserfc` (JOSE) and `urllib3` (HTTP) and no more, so that
the folder can be copied into a service's own code. ``docs/guides/quickstart.md`` begins with it.

    client = VaultClient("https://vault.example.org", "home-care", ServiceKey.load("home-care-private.json"))
    asked = client.ask("ref:care-system:HC-2041", Wanted("home-care-support", fields=["medication.name"]))
    token = client.wait(asked)
    answer = client.read(token, acting=Acting("hc-0417", "care-worker"))
"""

from web.client.client import VaultClient
from web.client.errors import (
    AnswerUnsoundError,
    BadRequestError,
    ClientError,
    DeniedError,
    KeyFileError,
    NoAnswerError,
    NotFoundError,
    PendingError,
    ProblemError,
    RefusedError,
    RequestExpiredError,
    ServerError,
    SignInRefusedError,
    TokenEndedError,
    VersionPassedError,
    WaitError,
)
from web.client.keys import ProofKey, ServiceKey
from web.client.model import Acting, Asked, Person, Read, Record, State, Token, Visit, Wanted, Written

__all__ = [
    "Acting",
    "AnswerUnsoundError",
    "Asked",
    "BadRequestError",
    "ClientError",
    "DeniedError",
    "KeyFileError",
    "NoAnswerError",
    "NotFoundError",
    "PendingError",
    "Person",
    "ProblemError",
    "ProofKey",
    "Read",
    "Record",
    "RefusedError",
    "RequestExpiredError",
    "ServerError",
    "ServiceKey",
    "SignInRefusedError",
    "State",
    "Token",
    "TokenEndedError",
    "VaultClient",
    "VersionPassedError",
    "Visit",
    "WaitError",
    "Wanted",
    "Written",
]
