"""What can go wrong in the vault: one class for each outcome that a caller can act on.

No class knows an HTTP status; `web.errors` maps them, and a test proves that map complete.
"""

from datetime import UTC, datetime
from typing import Final

_NEVER: Final = datetime.max.replace(tzinfo=UTC)


class VaultError(Exception):
    """Root of the tree; never raised itself."""

    code = "vault_error"


class SealBrokenError(VaultError):
    """A sealed value does not open with this key at this place: it was changed, moved or swapped."""

    code = "seal_broken"


class KeyDestroyedError(VaultError):
    """The key was destroyed; what it sealed can never be read again."""

    code = "key_destroyed"


class KeyNotFoundError(VaultError):
    """No such key in the key store or the key tables."""

    code = "key_not_found"


class KeyStoreError(VaultError):
    """The key store is missing, damaged or open to others; the message names the next step."""

    code = "key_store_unusable"


class WrongRootKeyError(KeyStoreError):
    """The key store is sound but belongs to another vault than this database."""

    code = "wrong_root_key"


class RowForgedError(VaultError):
    """A row that confers authority does not carry the vault's mark: it was planted or changed outside."""

    code = "row_forged"


class UnloggedChangeError(VaultError):
    """Programming error: a covered row changed in a transaction that queued no log entry for it."""

    code = "unlogged_change"


class CommitUncertainError(VaultError):
    """The database did not say whether the commit was kept; nothing was released."""

    code = "commit_uncertain"


class BusyError(VaultError):
    """The database had no turn for this in time; nothing was kept, and the same can be tried again."""

    code = "busy"


class DatabaseReadOnlyError(VaultError):
    """The database takes no writes, so nothing can be logged and nothing is released."""

    code = "database_read_only"


class SchemaOutdatedError(VaultError):
    """The database's tables are not those of this version; `citizen-vault init` brings them up."""

    code = "schema_outdated"


class NotFoundError(VaultError):
    """No such thing for this reader; absent and forbidden look the same."""

    code = "not_found"


class EntryDamagedError(VaultError):
    """What is stored of an entry of the log is not an entry any more: it was changed outside."""

    code = "entry_damaged"


class NotAllowedError(VaultError):
    """The rules, or the registry, refuse this act."""

    code = "not_allowed"

    def __init__(self, message: str, *, logged: bool = False) -> None:
        """Say what was refused; *logged* that the refusal is in the log, or will be when the transaction has ended."""
        super().__init__(message)
        self.logged = logged


class RecoveryWaitsError(NotAllowedError):
    """A recovery of this account waits; until it is settled nothing is approved, downloaded or delegated on line."""

    code = "recovery_waits"


class NotKnownHereError(NotAllowedError):
    """A spoken yes is written down only by an organisation that knows the person; the same for somebody unknown."""

    code = "not_known_here"


class ProofNeededError(NotAllowedError):
    """Before this act the person proves again that it is them; nothing was done, and it can be done right after."""

    code = "proof_needed"


class SignInAskedError(NotAllowedError):
    """This purpose is allowed by the citizen alone, signed in: a spoken yes, or another's, cannot do."""

    code = "sign_in_asked"


class InvalidInputError(VaultError):
    """What was given breaks a stated bound; the message names the field, never its value."""

    code = "invalid_input"


class TooLargeError(VaultError):
    """A document is larger than one may be."""

    code = "too_large"


class NoMoreError(VaultError):
    """What was being read may not be read any further: sharing ended, or something it rested on changed."""

    code = "no_more"


class UnknownFieldError(InvalidInputError):
    """A field or category that the catalogue does not hold."""

    code = "unknown_field"


class BeyondPurposeError(InvalidInputError):
    """The request asks for more than its registered purpose may have."""

    code = "beyond_purpose"


class KeyReusedError(InvalidInputError):
    """An idempotency key came before with another request; nothing was written."""

    code = "idempotency_key_reused"


class WrongStateError(VaultError):
    """The thing is not in a state that allows this (already decided, ended, paused)."""

    code = "wrong_state"


class TooOftenError(VaultError):
    """The same person did this so often in a short time that it is refused for now."""

    code = "too_often"


class AskedTooSoonError(TooOftenError):
    """The answer was no, and it is too soon to ask again; nothing was asked."""

    code = "asked_too_soon"

    def __init__(self, message: str, *, until: datetime = _NEVER) -> None:
        """Say what was asked too soon, and from when on it may be asked."""
        super().__init__(message)
        self.until = until


class VersionPassedError(WrongStateError):
    """The item is at another version by now than the one the caller looked at; nothing was written."""

    code = "version_passed"


class ReplayedError(VaultError):
    """A single-use proof was shown before."""

    code = "replayed"


class LinkUsedError(VaultError):
    """A one-time link was used, has ended, or never was."""

    code = "link_used"


class SignInEndedError(VaultError):
    """The sign-in has ended (idle, absolute limit, or revoked)."""

    code = "sign_in_ended"


class TokenInvalidError(VaultError):
    """The access token is unknown, ended, or older than the grant as it is now."""

    code = "token_invalid"


class ImportRefusedError(VaultError):
    """The import run lacks what it must name (organisation, source system, purpose, agreement)."""

    code = "import_refused"


class SecondPersonNeededError(VaultError):
    """This change needs two different people."""

    code = "second_person_needed"


class VerifiedUnusableError(VaultError):
    """What was proved of the log before is damaged, or is not this vault's: the whole is read instead."""

    code = "verified_unusable"
