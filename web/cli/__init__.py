"""The command line: one module a command group, each loaded only when it is used, so that help is quick.

A command parses, opens the vault as the operator, calls one service and prints. Exit 0: it went well; 1: a check failed
or the vault refused; 2: it was called wrongly.
"""

from web.cli.root import main

__all__ = ["main"]
