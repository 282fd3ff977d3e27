"""Audit: what happened, and can it be proved?

The log is an append-only Merkle tree (RFC 6962, RFC 9162) in the C2SP formats. Writers queue finished leaves in the
outbox of the database they change (`audit.log`); one sequencer gives them their places and has the head signed
(`audit.sequencer`, `audit.signer`); anyone proves the whole from files (`audit.verify`). Nothing here knows a citizen,
a rule or HTTP: keys arrive as bytes, subjects as pseudonyms, and no foreign key leaves these tables.
"""
