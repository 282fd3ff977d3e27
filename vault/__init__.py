"""The vault: what a citizen owns, and the one door to it.

Records, keys, grants and accounts live here, and so does `vault.access`, the only way to plaintext. Nothing here knows
HTTP, HTML or the
command line (`web`), decides who may do what (`policies`), or keeps the log (`audit`).
"""
