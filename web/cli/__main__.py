"""``python -m web.cli``: the same as ``citizen-vault``."""

from web.cli.root import main

main()
