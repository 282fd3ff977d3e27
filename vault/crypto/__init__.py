"""The only ciphers of the vault: seals of values, wraps of keys, derived keys and marks, all from `cryptography`.

Every format is spelled byte by byte where it is made, starts with a version byte, and is frozen by known
answers in `tests/vectors/keys.json`.
"""
