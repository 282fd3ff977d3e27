"""Documents: the file of an item, sent and fetched as a stream, never held in memory."""

import uuid
from pathlib import Path
from typing import Final
from urllib.parse import quote

from web.client import answers
from web.client.model import Acting, Token, Written
from web.client.proving import Prover

RECORDS: Final = "/api/v1/records"


class Documents:
    """What a service does with the files of items."""

    _prover: Prover

    def send_document(
        self, token: Token, written: Written, path: Path, *, media_type: str, acting: Acting, key: str | None = None
    ) -> Written:
        """
        Send the file at *path* as the document of an item that this service added; the item's version grows by one.

        Raises:
            VersionPassedError: The item is at another version.
            BadRequestError: The file is too long, or is not of the type it is said to be.
            NoAnswerError: Send it again, with the same key.
        """
        headers = {
            "Content-Type": media_type,
            "Content-Length": str(path.stat().st_size),
            "Idempotency-Key": f'"{key or uuid.uuid4()}"',
            "If-Match": f'"{written.version}"',
            "Vault-Actor": acting.as_header(),
        }
        answer = self._prover.call(
            "PUT", self._address(written.id), token=token.access_token, headers=headers, body=path
        )
        return answers.written(answer)

    def fetch_document(self, token: Token, record_id: str, path: Path, *, acting: Acting) -> str:
        """
        Fetch the document of an item into *path*, whole or not at all, mode 0600; returns the vault's receipt.

        Raises:
            NoAnswerError: It was cut off, as when the person stops sharing meanwhile; nothing is kept.
        """
        answer = self._prover.call(
            "GET",
            self._address(record_id),
            token=token.access_token,
            headers={"Vault-Actor": acting.as_header()},
            into=path,
        )
        return answer.headers.get(answers.RECEIPT, "")

    def _address(self, record_id: str) -> str:
        return f"{self._prover.sender.issuer}{RECORDS}/{quote(record_id, safe='')}/document"
