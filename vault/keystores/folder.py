"""A folder for secrets.

Only its owner may look, a file is written whole or not at all, and damage is told from absence.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from vault.errors import KeyStoreError

FOLDER_MODE = 0o700
FILE_MODE = 0o600
_OTHERS = 0o077
_RESTORE = "restore it from the key store's back-up"


@dataclass(frozen=True, slots=True)
class SecretFolder:
    """One folder of mode 0700 whose files have mode 0600. Make it with `create`, take an existing one with `open`."""

    path: Path

    @classmethod
    def create(cls, path: Path) -> "SecretFolder":
        """
        Make the folder (and those above it); an existing empty one is taken.

        Raises:
            KeyStoreError: There is something in it already, or it cannot be made.
        """
        try:
            path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            if any(path.iterdir()):
                raise KeyStoreError(f"the folder {path} is not empty: choose a new one, or open the key store in it")
            path.chmod(FOLDER_MODE)
            _sync_folder(path.parent)
        except OSError as problem:
            raise KeyStoreError(f"the folder {path} cannot be made ({problem.strerror}): choose another") from problem
        return cls.open(path)

    @classmethod
    def open(cls, path: Path) -> "SecretFolder":
        """
        Take an existing folder.

        Raises:
            KeyStoreError: It is missing, no folder, somebody else's, or open to others.
        """
        try:
            found = path.lstat()
        except OSError:
            raise KeyStoreError(f"there is no key store at {path}: create one, or {_RESTORE}") from None
        if not stat.S_ISDIR(found.st_mode):
            raise KeyStoreError(f"{path} is no folder: name the folder of the key store")
        _refuse_others(path, found, FOLDER_MODE)
        return cls(path)

    def move_to(self, path: Path) -> "SecretFolder":
        """
        Give the folder its name, in the same parent; an empty folder of that name is replaced.

        Raises:
            KeyStoreError: There is something at *path* already; this folder and all in it is removed.
        """
        try:
            self.path.rename(path)
            _sync_folder(path.parent)
        except OSError:
            shutil.rmtree(self.path, ignore_errors=True)
            raise KeyStoreError(f"there is something at {path} already: open it, or choose another folder") from None
        return SecretFolder.open(path)

    def read(self, name: str) -> bytes:
        """
        The whole content of the file *name*.

        Raises:
            KeyStoreError: It is missing, no plain file, somebody else's, or open to others.
        """
        path = self.path / name
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
        except OSError as problem:
            raise KeyStoreError(f"the key file {path} cannot be read ({problem.strerror}): {_RESTORE}") from None
        with os.fdopen(handle, "rb") as file:
            found = os.fstat(handle)
            if not stat.S_ISREG(found.st_mode):
                raise KeyStoreError(f"{path} is no plain file: {_RESTORE}")
            _refuse_others(path, found, FILE_MODE)
            return file.read()

    def write(self, name: str, content: bytes) -> None:
        """Put *content* in place of the file *name*, whole or not at all; durable when this returns."""
        fresh = self.path / f".{name}.{secrets.token_hex(4)}"
        try:
            _write_new(fresh, content)
            fresh.replace(self.path / name)
            _sync_folder(self.path)
        except OSError as problem:
            fresh.unlink(missing_ok=True)
            raise KeyStoreError(
                f"writing {self.path / name} failed ({problem.strerror}); nothing was kept"
            ) from problem

    def append(self, name: str, line: bytes) -> None:
        """
        Add *line* (ended by a line feed) to the file *name*; durable when this returns. Call it under `locked`.

        A line that a crash cut short was never answered for: it is cut off first.
        """
        whole, _, _ = self.read(name).rpartition(b"\n")
        try:
            with (self.path / name).open("r+b") as file:
                file.truncate(len(whole) + 1)
                file.seek(0, os.SEEK_END)
                file.write(line)
                file.flush()
                os.fsync(file.fileno())
        except OSError as problem:
            raise KeyStoreError(f"writing {self.path / name} failed ({problem.strerror})") from problem

    def shred(self, name: str) -> None:
        """
        Overwrite the file *name* once and remove it; absent is no error.

        Flash and copy-on-write disks may keep the old bytes, and so do back-ups of this folder: destroy those as well.
        """
        path = self.path / name
        with contextlib.suppress(FileNotFoundError):
            with path.open("r+b") as file:
                file.write(bytes(os.fstat(file.fileno()).st_size))
                file.flush()
                os.fsync(file.fileno())
            path.unlink()
            _sync_folder(self.path)

    def stamp(self, name: str) -> tuple[int, int, int]:
        """
        A value that changes with the file *name*: inode, size, time of change (ns).

        Raises:
            KeyStoreError: The file is missing.
        """
        try:
            found = os.stat(f"{self.path}/{name}")  # noqa: PTH116 - asked for on every unwrap; a Path takes thrice the time
        except OSError:
            raise KeyStoreError(f"the key file {self.path / name} is missing: {_RESTORE}") from None
        return found.st_ino, found.st_size, found.st_mtime_ns

    @contextlib.contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other processes and threads from changing the folder meanwhile; readers never wait."""
        handle = os.open(self.path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)


def _refuse_others(path: Path, found: os.stat_result, mode: int) -> None:
    if found.st_uid not in {os.geteuid(), 0}:
        raise KeyStoreError(f"{path} belongs to another user: run `chown {os.geteuid()} {path}` if it is yours")
    if found.st_mode & _OTHERS:
        raise KeyStoreError(
            f"{path} is open to others: run `chmod {mode:o} {path}`, and rotate if they may have looked"
        )


def _write_new(path: Path, content: bytes) -> None:
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, FILE_MODE)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(handle)


def _sync_folder(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
