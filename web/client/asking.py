"""Asking people, present and absent, for what a purpose may have; tokens, and giving them back."""

import json
import secrets
from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import parse_qs, quote, urlencode, urlsplit

from web.client import answers
from web.client.errors import AnswerUnsoundError, PendingError, problem
from web.client.identity import Issuer
from web.client.keys import digest
from web.client.model import Asked, Token, Visit, Wanted
from web.client.proving import Prover

CIBA: Final = "urn:openid:params:grant-type:ciba"
SLOWER_SECONDS: Final = 5


class Asking:
    """What a service does until it has a token, and when it needs it no longer."""

    _prover: Prover
    _issuer: Issuer
    _sleep: Callable[[float], None]

    def ask(self, person: str, wanted: Wanted, *, message: str = "", expires_in: int | None = None) -> Asked:
        """
        Ask a person who is absent (CIBA). Known and unknown people get the same answer.

        Args:
            person: ``ref:SYSTEM:VALUE``, your own number for them, or ``nhs:NUMBER:YYYY-MM-DD``.
            wanted: What for, and what of.
            message: Up to 20 plain characters that the person sees, such as a reference they know.
            expires_in: Seconds that the request may wait, 2,073,600 at most.

        Raises:
            BadRequestError: It is more than the purpose may have, or not as described.
            ProblemError: Another no.
            NoAnswerError: Nobody answered; a repeat joins the request that waits, if there is one.
        """
        members = {
            "scope": "openid",
            "login_hint": person,
            "authorization_details": json.dumps(wanted.as_details()),
            "binding_message": message,
            "requested_expiry": expires_in,
        }
        return answers.asked(self._prover.form("/oauth/bc-authorize", members, proven=False))

    def poll(self, asked: Asked) -> Token:
        """
        Come and get the answer, at most once in each `Asked.interval` seconds.

        Raises:
            PendingError: The person has not decided yet.
            DeniedError: They shared nothing.
            RequestExpiredError: They did not answer.
        """
        return self._first({"grant_type": CIBA, "auth_req_id": asked.auth_req_id})

    def wait(self, asked: Asked, *, seconds: float | None = None) -> Token:
        """
        Poll until there is an answer, or for *seconds*; raises as `poll` does, `PendingError` when the time is over.

        A person may take days: a service that need not stand and wait keeps `Asked` and polls now and then.
        """
        left = float(asked.expires_in if seconds is None else seconds)
        interval = asked.interval
        while True:
            try:
                return self.poll(asked)
            except PendingError as error:
                interval += SLOWER_SECONDS if error.code == "slow_down" else 0
                if left < interval:
                    raise
            self._sleep(interval)
            left -= interval

    def begin(self, wanted: Wanted, *, redirect_uri: str, message: str = "") -> Visit:
        """Push what is asked of a person who is present (RFC 9126): lead their browser to `Visit.address`."""
        verifier, state = secrets.token_urlsafe(32), secrets.token_urlsafe(16)
        members = {
            "client_id": self._prover.client_id,
            "response_type": "code",
            "redirect_uri": redirect_uri,
            "scope": "openid",
            "state": state,
            "code_challenge": digest(verifier),
            "code_challenge_method": "S256",
            "authorization_details": json.dumps(wanted.as_details()),
            "binding_message": message,
        }
        pushed = self._prover.form("/oauth/par", members)
        query = urlencode({"client_id": self._prover.client_id, "request_uri": pushed.get("request_uri", "")})
        return Visit(f"{self._prover.sender.issuer}/oauth/authorize?{query}", state, verifier, redirect_uri)

    def finish(self, visit: Visit, came_back_to: str) -> Token:
        """
        The token, once the person came back to the address *came_back_to*, query and all.

        Raises:
            AnswerUnsoundError: Issuer (RFC 9207) or state is another's: the answer is not to this visit.
            DeniedError: They shared nothing.
        """
        query = {name: values[0] for name, values in parse_qs(urlsplit(came_back_to).query).items()}
        if query.get("iss") != self._prover.sender.issuer or not secrets.compare_digest(
            query.get("state", ""), visit.state
        ):
            raise AnswerUnsoundError("the answer is of another vault, or to another visit")
        if "error" in query:
            raise problem(query["error"], 400, query.get("error_description", ""), {})
        code = {"grant_type": "authorization_code", "code": query.get("code", "")}
        return self._first({**code, "redirect_uri": visit.redirect_uri, "code_verifier": visit.verifier})

    def _first(self, members: Mapping[str, object]) -> Token:
        told = self._prover.form("/oauth/token", members)
        subject = self._issuer.subject(told.get("id_token"), client_id=self._prover.client_id)
        return answers.token(told, subject=subject)

    def refresh(self, token: Token) -> Token:
        """
        A new access token, cut to what is granted now; raises `TokenEndedError` where nothing is any more.

        It needs the key that the first was bound to.
        """
        members = {"grant_type": "refresh_token", "refresh_token": token.refresh_token}
        told = self._prover.form("/oauth/token", members)
        return answers.token(told, subject=token.subject, refresh_token=token.refresh_token)

    def revoke(self, token: Token) -> None:
        """End a token (RFC 7009); the grant stays."""
        self._prover.form("/oauth/revoke", {"token": token.refresh_token or token.access_token}, proven=False)

    def give_back(self, token: Token) -> None:
        """End the grant: it is needed no longer."""
        url = f"{self._prover.sender.issuer}/oauth/grants/{quote(token.grant_id, safe='')}"
        self._prover.call("DELETE", url, token=token.access_token)
