"""What can go wrong with the log: one class for each outcome that a caller can act on."""


class AuditError(Exception):
    """Root of the tree; never raised itself."""

    code = "audit_error"


class LeafInvalidError(AuditError):
    """These are not the bytes of a leaf, or a leaf was asked for that the format cannot hold."""

    code = "leaf_invalid"


class PayloadBrokenError(AuditError):
    """A sealed payload is not the one its leaf committed to, or does not open with this key."""

    code = "payload_broken"


class ProofInvalidError(AuditError):
    """A proof does not show what it claims."""

    code = "proof_invalid"


class CheckpointInvalidError(AuditError):
    """A checkpoint or signed note is malformed, or no trusted key signed it."""

    code = "checkpoint_invalid"


class ReceiptInvalidError(AuditError):
    """A receipt is malformed, or the receipt key did not sign it."""

    code = "receipt_invalid"


class EntryNotFoundError(AuditError):
    """No entry with this leaf hash has a place in the tree (it may still be in the outbox)."""

    code = "entry_not_found"


class TileNotFoundError(AuditError):
    """There is no such tile, or no published head reaches it yet."""

    code = "tile_not_found"


class CheckpointNotFoundError(AuditError):
    """No checkpoint was published yet."""

    code = "checkpoint_not_found"


class TreeIncompleteError(AuditError):
    """A node that the tree needs is not stored: the tables were cut or damaged."""

    code = "tree_incomplete"


class HeadMissingError(AuditError):
    """The signer has no head file; without it, nobody knows what was signed last."""

    code = "head_missing"


class HeadInvalidError(AuditError):
    """The head file is damaged, or belongs to another log than the one configured."""

    code = "head_invalid"


class HeadExistsError(AuditError):
    """A new log was asked for where the signer already remembers one."""

    code = "head_exists"


class LogRolledBackError(AuditError):
    """The database holds less than, or something else than, what was last signed; nothing is signed until recovery."""

    code = "log_rolled_back"


class EntriesPlantedError(AuditError):
    """Entries stand in the log's tables that the sequencer did not put there; nothing is signed until they are gone.

    Whoever may write the database put them there. Delete them, or declare a recovery, which keeps and names them.
    """

    code = "entries_planted"


class NothingToRecoverError(AuditError):
    """The stored tree extends the last signed head; there is no gap to declare."""

    code = "nothing_to_recover"


class WriterMisusedError(AuditError):
    """Programming error: a writer was used after its release, or released twice."""

    code = "writer_misused"


class WitnessRequestInvalidError(AuditError):
    """What a log sent to a witness is malformed."""

    code = "witness_request_invalid"


class LogUnknownError(AuditError):
    """The witness does not watch a log of that origin."""

    code = "log_unknown"


class SizeConflictError(AuditError):
    """The witness cosigned another size last than the log believes; `size` says which."""

    code = "size_conflict"

    def __init__(self, message: str, *, size: int) -> None:
        super().__init__(message)
        self.size = size


class HeadUnprovenError(AuditError):
    """The head is not shown to extend the one cosigned last: the log forked, was rolled back, or its proof is wrong."""

    code = "head_unproven"


class WorkerFailedError(AuditError):
    """A process that worked for this one died or could not do its part; nothing is known of what it was to read."""

    code = "worker_failed"
