"""The destroyed keys: a file that only grows, in which no line can be changed or left out unnoticed."""

from dataclasses import dataclass
from typing import Final

from vault.crypto.mac import mac
from vault.errors import KeyStoreError
from vault.keystores.base import KEY_ID_HEX
from vault.keystores.folder import SecretFolder

FILE: Final = "tombstones"
HEADER: Final = b"citizen-vault/tombstones/1\n"
MARK_HEX: Final = 32
_ID_ENDS = KEY_ID_HEX
_LINE = KEY_ID_HEX + 1 + MARK_HEX


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read and found good so far."""

    stamp: tuple[int, int, int] | None = None
    text: bytes = HEADER
    last_mark: bytes = b""
    ids: frozenset[str] = frozenset()


class Tombstones:
    """
    The ids of destroyed keys in the file ``tombstones`` of a key folder.

    After the header line, each line is ``key id (32 hex) | space | mark (32 hex) | line feed``; the mark is the first
    16 bytes of HMAC-SHA256 over the mark before it (nothing, in the first line) and the key id. Cutting the newest
    lines off is the one change that the file alone does not show; the log's ``key:destroyed`` entries do.

    Args:
        folder: The key folder.
        key: The key of the marks, 32 bytes.
    """

    def __init__(self, folder: SecretFolder, key: bytes) -> None:
        self._folder = folder
        self._key = key
        self._read = _Read()

    def ids(self) -> frozenset[str]:
        """
        The ids of all keys destroyed until now, by this process or another.

        Raises:
            KeyStoreError: The file is missing or damaged.
        """
        # INVARIANT: read again whenever the file changed, for another process may have destroyed a key.
        stamp = self._folder.stamp(FILE)
        if stamp != self._read.stamp:
            self._read = self._read_on(stamp, self._folder.read(FILE))
        return self._read.ids

    def add(self, key_id: str) -> None:
        """
        Add *key_id*, once; durable when this returns.

        Raises:
            ValueError: It is not 32 hex digits.
        """
        if len(bytes.fromhex(key_id)) * 2 != KEY_ID_HEX:
            raise ValueError("a key id has 32 hex digits")
        with self._folder.locked():
            if key_id not in self.ids():
                mark = self._mark(self._read.last_mark, key_id.encode())
                self._folder.append(FILE, key_id.encode() + b" " + mark + b"\n")

    def _read_on(self, stamp: tuple[int, int, int], content: bytes) -> _Read:
        text = content[: content.rfind(b"\n") + 1]  # a line cut short was never answered for
        known = self._read if text.startswith(self._read.text) else _Read()
        if not text.startswith(known.text):
            raise self._damaged()
        last, fresh = known.last_mark, []
        for line in text[len(known.text) :].splitlines():
            key_id, mark = line[:_ID_ENDS], line[_ID_ENDS + 1 :]
            if len(line) != _LINE or mark != self._mark(last, key_id):
                raise self._damaged()
            last = mark
            fresh.append(key_id.decode())
        return _Read(stamp, text, last, known.ids.union(fresh))

    def _mark(self, before: bytes, key_id: bytes) -> bytes:
        return mac(self._key, before + key_id).hex()[:MARK_HEX].encode()

    def _damaged(self) -> KeyStoreError:
        path = self._folder.path / FILE
        return KeyStoreError(f"the key file {path} is damaged: restore it from the key store's back-up")
