"""The root command, ``citizen-vault``: its table of commands, its settings, and what becomes of an error."""

import os
from collections.abc import Mapping, Sequence

import click

from web.cli.lazy import Entry, LazyGroup

_HELP = """A council's vault of its residents' records: encrypted for each person, shared by purpose, provably logged.

\b
Begin with
  citizen-vault demo            an invented council with its residents
  citizen-vault serve           the portal and the API on http://localhost:8000
or with an empty vault of your own
  citizen-vault init

Settings come from the environment: CITIZEN_VAULT_HOME (where everything is kept, default ./var),
CITIZEN_VAULT_DATABASE_URL, CITIZEN_VAULT_ROOT_KEY and others; docs/guides/settings.md lists them all.

Exit status: 0 it went well, 1 a check failed or the vault refused, 2 wrong use.
"""

COMMANDS: Mapping[str, Entry] = {
    "init": Entry("web.cli.init", "init", "Make the key store and the tables, or bring them up to date."),
    "demo": Entry("web.cli.demo", "demo", "Fill an empty vault with an invented council."),
    "serve": Entry("web.cli.serve", "serve", "Serve the portal and the API."),
    "import": Entry("web.cli.importing", "import_", "Bring records in from FHIR and CSV files."),
    "citizen": Entry("web.cli.citizens", "citizen", "List citizens and change where they stand."),
    "organisation": Entry("web.cli.organisations", "organisation", "Register organisations."),
    "service": Entry("web.cli.services", "service", "Register services and their keys; suspend them."),
    "purpose": Entry("web.cli.purposes", "purpose", "Register the reasons for which data may be asked."),
    "registry": Entry("web.cli.registry", "registry", "Reports on the registry: the record of processing."),
    "enrol-link": Entry("web.cli.enrol", "enrol_link", "Make a one-time link that lets a person add a passkey."),
    "audit": Entry("web.cli.audit", "audit", "Verify, export and prove the log."),
    "keys": Entry("web.cli.keys", "keys", "Describe and rotate the root key."),
    "policy": Entry("web.cli.policy", "policy", "Check and explain the rules."),
}

root = LazyGroup("citizen-vault", entries=COMMANDS, help=_HELP)
root = click.version_option(package_name="citizen-vault", prog_name="citizen-vault")(root)


def main(arguments: Sequence[str] | None = None) -> None:
    """
    Run ``citizen-vault`` and end the process with its exit status.

    Args:
        arguments: Without the program's name; the process's own when left out.
    """
    os.umask(0o077)  # keys, databases and exports are for this user alone
    root.main(args=None if arguments is None else list(arguments), prog_name="citizen-vault")
