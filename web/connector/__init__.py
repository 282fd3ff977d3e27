"""The connector: one process that holds a service's keys and speaks to the vault for systems that cannot.

A line-of-business system drops a file or makes a plain call on the same machine; the connector asks, waits and reads.
What it must remember stands in one SQLite file of its own, written before each step, so that a kill loses nothing. No
field's value is kept there, and none is ever printed.
"""
