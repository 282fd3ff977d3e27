"""The data API: look, add, put right, report what was passed on, read many."""

import json
import uuid
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from datetime import date
from typing import Any, Final
from urllib.parse import quote, urlencode

from web.client import answers, sending
from web.client.errors import NoAnswerError
from web.client.model import Acting, Person, Read, Token, Written
from web.client.proving import Prover

RECORDS: Final = "/api/v1/records"
NOT_MODIFIED: Final = 304
BREATH_SECONDS: Final = 60.0
"""The vault counts calls by the minute."""


class Data:
    """What a service does with a token; and many people at once, for which it needs none."""

    _prover: Prover
    _sleep: Callable[[float], None]

    def read(
        self,
        token: Token,
        *,
        fields: Collection[str] = (),
        acting: Acting | None = None,
        history: bool = False,
        tag: str = "",
        limit: int | None = None,
        after: str = "",
    ) -> Read | None:
        """
        Look at granted fields; None where *tag* is given and nothing changed since. Each look is logged.

        Args:
            token: As it was granted.
            fields: Full names; all that is granted where left out.
            acting: Who looks; only a batch purpose may do without.
            history: Whether what is past is wanted too.
            tag: `Read.tag` of an earlier look.
            limit: How many items at most; `Read.next_page` says where it goes on.
            after: That of the page before.

        Raises:
            RefusedError: The rules say no, or a field is beyond the grant; `missing` lists which.
            TokenEndedError: Refresh, or ask again.
        """
        query = {"fields": ",".join(fields), "history": "true" if history else "", "limit": limit or "", "after": after}
        told = urlencode({name: value for name, value in query.items() if value}, safe=",")
        url = f"{self._prover.sender.issuer}{RECORDS}" + (f"?{told}" if told else "")
        headers = {**_named(acting), **({"If-None-Match": tag} if tag else {})}
        answer = self._prover.call("GET", url, token=token.access_token, headers=headers)
        return None if answer.status == NOT_MODIFIED else answers.looked(answer)

    def add(
        self,
        token: Token,
        fields: Mapping[str, str],
        *,
        acting: Acting,
        as_of: date | None = None,
        key: str | None = None,
    ) -> Written:
        """
        Add an item: texts of one category that the purpose may write. The same *key* with the same item adds it once.

        Keep the key with what is to be written, and send it again where no answer came.
        """
        body = {"fields": dict(fields), **_day(as_of)}
        return answers.written(self._write("POST", RECORDS, token, body, acting, key, {}))

    def put_right(
        self,
        token: Token,
        written: Written,
        fields: Mapping[str, str],
        *,
        reason: str,
        acting: Acting,
        key: str | None = None,
    ) -> Written:
        """Put right what this service wrote, on the version it read; raises `VersionPassedError` on another."""
        body = {"fields": dict(fields), "reason": reason}
        version = {"If-Match": f'"{written.version}"'}
        path = f"{RECORDS}/{quote(written.id, safe='')}"
        return answers.written(self._write("PUT", path, token, body, acting, key, version))

    def report(
        self,
        token: Token,
        fields: Collection[str],
        *,
        recipient: str,
        why: str,
        on: date,
        acting: Acting,
        key: str | None = None,
    ) -> str:
        """Report that *fields* were passed on; the person reads it in who looked. Returns the vault's receipt."""
        body = {"fields": sorted(fields), "recipient": recipient, "why": why, "on": on.isoformat()}
        return self._write("POST", "/api/v1/disclosures", token, body, acting, key, {}).headers.get(answers.RECEIPT, "")

    def _write(
        self,
        method: str,
        path: str,
        token: Token,
        body: Mapping[str, Any],
        acting: Acting,
        key: str | None,
        more: Mapping[str, str],
    ) -> sending.Answer:
        headers = {
            "Content-Type": sending.JSON,
            "Idempotency-Key": f'"{key or uuid.uuid4()}"',
            **_named(acting),
            **more,
        }
        url = self._prover.sender.issuer + path
        return self._prover.call(method, url, token=token.access_token, headers=headers, body=json.dumps(body).encode())

    def read_many(
        self, purpose: str, *, fields: Collection[str] = (), acting: Acting | None = None, limit: int = 200
    ) -> Iterator[Person]:
        """
        Everybody who shares with this service for *purpose*, one after another, each decided and logged singly.

        Args:
            purpose: Its slug.
            fields: Full names; all that each grant allows where left out.
            acting: Who looks; only a batch purpose may do without.
            limit: How many people in one stream, 1,000 at most; further streams follow by themselves, after a minute
                where they would come too fast.

        Raises:
            ProblemError: The vault says no to the whole.
            NoAnswerError: A stream was cut off; what came before it counts.
        """
        asked = {"purpose": purpose, "fields": ",".join(fields), "limit": limit}
        end: Mapping[str, Any] = {"complete": False, "after": ""}
        while not end["complete"]:
            end = yield from self._stream({**asked, "after": end["after"]}, acting)

    def _stream(self, asked: Mapping[str, object], acting: Acting | None) -> Generator[Person, None, Mapping[str, Any]]:
        """One stream; returns its end, from which the next goes on."""
        headers = {"Content-Type": sending.FORM, **_named(acting)}
        body = sending.form({**asked, **self._prover.signed_in()})
        too_fast = False
        for line in self._prover.sender.lines(f"{self._prover.sender.issuer}/api/v1/bulk", headers=headers, body=body):
            if "end" in line:
                if too_fast:
                    self._sleep(BREATH_SECONDS)
                return {"complete": bool(line["end"]["complete"]), "after": line["end"]["after"] or asked["after"]}
            if "grant_id" in line:
                yield answers.person(line)
            else:
                too_fast = True
        raise NoAnswerError("the stream was cut off")


def _named(acting: Acting | None) -> dict[str, str]:
    return {"Vault-Actor": acting.as_header()} if acting else {}


def _day(as_of: date | None) -> dict[str, str]:
    return {"as_of": as_of.isoformat()} if as_of else {}
