"""Bringing word to services over HTTP (CIBA Core 1.0, section 10.2): which request, and the service's own token."""

from dataclasses import dataclass
from typing import Final

import orjson

from vault.pings import Word
from web.outgoing_http import AddressRefusedError, NoAnswerError, OutgoingHttp

MOST: Final = 4096  # bytes of an answer that nobody reads
_TAKEN: Final = range(200, 300)


@dataclass(frozen=True, slots=True)
class Pinger:
    """Brings word through *outgoing*."""

    outgoing: OutgoingHttp

    def tell(self, word: Word) -> bool | None:
        """Bring *word*; return whether it was taken, nothing where the address is none that may be called."""
        headers = {"Authorization": f"Bearer {word.token}", "Content-Type": "application/json"}
        body = orjson.dumps({"auth_req_id": word.handle})
        try:
            answer = self.outgoing.call("POST", word.endpoint, headers=headers, body=body, most=MOST)
        except AddressRefusedError:
            return None
        except NoAnswerError:
            return False
        return answer.status in _TAKEN
