"""Policies: may this one do this, to this citizen's data, for this purpose, now?

Everything here is a pure function of its arguments: no database, no clock. Storing grants is `vault.grants`; recording
the answer is `vault.access`.
"""
