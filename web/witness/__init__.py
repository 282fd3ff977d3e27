"""A witness over HTTP (C2SP tlog-witness): another council that vouches for this one's log, with keys of its own.

It runs apart from any vault: a folder with its key store, its list of logs and its small database is all it has.
"""
