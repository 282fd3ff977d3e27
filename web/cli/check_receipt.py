"""``citizen-vault audit check-receipt``: was the promise kept that came with an answer?"""

from typing import TextIO

import click

from audit import read
from audit.errors import AuditError, ReceiptInvalidError
from audit.receipts import Receipt, verify_receipt
from vault.context import Vault
from web.cli.sequencing import place_or_say_why_not
from web.cli.showing import counted, json_option, show
from web.opening import opened, settings


@click.command("check-receipt")
@click.argument("file", type=click.File())
@json_option
def check_receipt(*, file: TextIO, as_json: bool) -> None:
    """
    Check that each entry that a receipt in FILE promises stands in the signed log; exit 1 where one does not.

    A receipt is what a service got with an answer (the header Vault-Log-Receipt), one a line; - reads them from the
    keyboard. An entry that was promised and is not there was taken out, perhaps before it got its place: nothing else
    shows that.

    \b
    Example: citizen-vault audit check-receipt receipts.txt
    """
    config = settings()
    with opened(config) as vault:
        refused = place_or_say_why_not(vault, config)
        found = [_checked(vault, line.strip()) for line in file if line.strip()]
    broken = [each for each in found if each["result"] != "kept"]
    lines = refused + [f"{each['result']}: {each['entry'] or each['receipt']}" for each in found]
    lines.append(f"{counted(len(found), 'receipt')}, {len(found) - len(broken)} kept")
    show(found, as_json=as_json, lines=lines)
    if broken or refused or not found:
        raise SystemExit(1)


def _checked(vault: Vault, line: str) -> dict[str, str]:
    try:
        receipt = verify_receipt(line, vault.keyring.store.public_key("receipt"))
    except ReceiptInvalidError:
        return {"receipt": line, "entry": "", "result": "not a receipt of this vault"}
    return {"receipt": line, "entry": receipt.leaf_hash.hex(), "result": _result(vault, receipt)}


def _result(vault: Vault, receipt: Receipt) -> str:
    with vault.db.read.connect() as connection:
        try:
            read.proof(connection, receipt.leaf_hash)
        except AuditError:  # it is not there, or the tree does not lead to it any more
            return "NOT IN THE LOG"
    return "kept"
