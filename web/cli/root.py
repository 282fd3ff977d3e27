"""The root command, ``citizen-vault``: its table of commands, its settings, and what becomes of an error."""

import os
import sys
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
    "sandbox": Entry("web.cli.sandbox", "sandbox", "Make a vault of invented residents for developers of services."),
    "connector": Entry("web.cli.connector", "connector", "Speak to a vault for systems that cannot."),
    "serve": Entry("web.cli.serve", "serve", "Serve the portal and the API."),
    "import": Entry("web.cli.importing", "import_", "Bring records in from FHIR and CSV files."),
    "citizen": Entry("web.cli.citizens", "citizen", "List citizens and change where they stand."),
    "authority": Entry("web.cli.authorities", "authority", "Enter who may look for somebody by law."),
    "organisation": Entry("web.cli.organisations", "organisation", "Register organisations."),
    "service": Entry("web.cli.hooks", "service", "Register services and their keys; suspend them."),
    "directory": Entry("web.cli.directory", "directory", "Read a directory of local services (Open Referral UK)."),
    "purpose": Entry("web.cli.purposes", "purpose", "Register the reasons for which data may be asked."),
    "registry": Entry("web.cli.registry", "registry", "What waits for a second person; the record of processing."),
    "letter-code": Entry("web.cli.letter", "letter_code", "Print a letter with a code that signs a resident in."),
    "enrol-link": Entry("web.cli.enrol", "enrol_link", "Make a one-time link that lets a person add a passkey."),
    "audit": Entry("web.cli.audit", "audit", "Verify, export and prove the log."),
    "watch": Entry("web.cli.watching", "watch", "Look through the log for misuse by staff."),
    "witness": Entry("web.cli.witness", "witness", "Vouch for the log of another council."),
    "keys": Entry("web.cli.keys", "keys", "Describe and rotate the root key."),
    "policy": Entry("web.cli.policy", "policy", "Check and explain the rules; try others on the past."),
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
    try:
        root.main(args=None if arguments is None else list(arguments), prog_name="citizen-vault")
    except Exception as error:
        words, status = _told(error)
        if words is None:
            raise
        click.echo(f"Error: {words}", err=True)
        sys.exit(status)


def _told(error: Exception) -> tuple[str | None, int]:
    """
    What to say of *error* and the exit status for it: 1 where the vault refused, 2 where the call was wrong.

    No words for an error that nobody foresaw. A database's own message is left out, since it may quote a value.
    """
    from sqlalchemy.exc import SQLAlchemyError  # noqa: PLC0415 -- help must not wait for it

    from audit.errors import AuditError  # noqa: PLC0415 -- as above
    from policies.errors import PolicyError  # noqa: PLC0415 -- as above
    from vault.errors import InvalidInputError, VaultError  # noqa: PLC0415 -- as above
    from web.faults import SettingError, WebError  # noqa: PLC0415 -- as above

    if isinstance(error, (VaultError, AuditError, PolicyError, WebError)):
        return str(error), 2 if isinstance(error, (InvalidInputError, SettingError)) else 1
    if isinstance(error, SQLAlchemyError):
        return (
            f"the database cannot be used ({type(error).__name__}); check CITIZEN_VAULT_DATABASE_URL and its folder",
            1,
        )
    return None, 1
