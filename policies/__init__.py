"""Policies: may this one do this, with these fields of that person's record, for this purpose, now?

Everything here is a pure function of its arguments: no database, no clock, no knowledge of HTTP. Storing grants is the
vault's work; recording the answer is the log's.
"""
