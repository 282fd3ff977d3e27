"""The sandbox: a vault of invented residents who always answer in a known way, for developers of services.

It is kept apart from real vaults by its tenant: every key is derived and every row authenticated under another name,
so that a sandbox cannot open what a real vault keeps, nor the other way round. A mark in the vault's home says which
it is; there is no setting that could be set by mistake.
"""
