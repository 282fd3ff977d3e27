"""``citizen-vault audit explain``: why a decision fell as it did, from what the log keeps of it."""

from collections.abc import Iterator, Mapping
from typing import Any

import click

from audit import read
from audit.errors import EntryNotFoundError
from vault import trail
from vault.context import OPERATOR, Vault
from vault.trail import Explained
from vault.trail.explaining import Again, RuleThen
from web.cli.sequencing import place_waiting
from web.cli.showing import json_option, show
from web.opening import opened, settings

NOT_KEPT = "what was judged was not kept with this entry, so nothing is said of it"


@click.command()
@click.argument("entry")
@json_option
def explain(*, entry: str, as_json: bool) -> None:
    """
    Say why the decision of ENTRY (its place, as in 0-1234, or its leaf hash) fell as it did.

    The rules that decided with their words of that time, every fact they judged, the share as it was then, and what the
    rules in force now would say of the same facts. What was not kept is said to be missing. That you looked is logged.

    \b
    Example: citizen-vault audit explain 0-1234
    """
    config = settings()
    with opened(config) as vault:
        place_waiting(vault, config)
        trail.catch_up(vault)
        leaf_hash = _leaf_hash(vault, entry)
        with vault.reading(OPERATOR) as ctx:
            found = trail.explain(ctx, leaf_hash=leaf_hash)
    show(_plain(found), as_json=as_json, lines=_lines(found))


def _leaf_hash(vault: Vault, written: str) -> bytes:
    try:
        if "-" not in written:
            return bytes.fromhex(written)
        with vault.db.read.connect() as connection:
            return read.leaf_hash_at(connection, read.Position.parse(written))
    except (ValueError, EntryNotFoundError) as error:
        raise click.BadParameter("no entry of the log is called so", param_hint="ENTRY") from error


def _plain(found: Explained) -> dict[str, Any]:
    line, share = found.line, found.share
    return {
        "entry": line.position,
        "leaf_hash": line.leaf_hash.hex(),
        "time": line.at.isoformat(),
        "event": line.event,
        "purpose": line.purpose,
        "service": line.who.service_name,
        "policy_set": line.policy_set,
        "same_rules": found.same_rules,
        "rules": [{name: getattr(rule, name) for name in RuleThen.__slots__} for rule in found.rules],
        "decisions": [_decision(each) for each in found.decisions],
        "share": None
        if share is None
        else {name: getattr(share, name) for name in ("version", "event", "fields")}
        | {"at": share.at.isoformat(), "until": share.until, "max_uses": share.max_uses},
    }


def _decision(each: Again) -> dict[str, Any]:
    return {
        "action": each.then.action,
        "allowed": each.then.allowed,
        "because": list(each.then.because),
        "facts": each.then.facts,
        "left_out": list(each.then.left_out),
        "allowed_now": each.allowed_now,
        "because_now": list(each.because_now),
    }


def _lines(found: Explained) -> Iterator[str]:
    line = found.line
    yield f"entry {line.position}  {line.at.isoformat()}  {line.event}"
    yield f"purpose {line.purpose or '-'}, service {line.who.service_name or '-'}, rules {line.policy_set or '-'}"
    yield "the rules in force now are the same" if found.same_rules else "the rules in force now are others"
    for rule in found.rules:
        words = "" if rule.of_that_time else "  (not kept: as it is today)" if rule.effect else ""
        yield f"  {rule.effect or 'no rule':7}  {rule.name}: {rule.staff}{words}"
    if not found.decisions:
        yield NOT_KEPT
    for each in found.decisions:
        yield from _told(each)
    if found.share is not None:
        share = found.share
        yield f"share, version {share.version} ({share.event}, {share.at.isoformat()}): until {share.until}"
        yield f"  {', '.join(share.fields)}"
    elif line.grant_id is not None:
        yield "how the share stood then is not to be found in the log"


def _told(each: Again) -> Iterator[str]:
    yield f"{each.then.action or 'no act'}: {'allowed' if each.then.allowed else 'refused'}"
    if each.then.facts is None:
        yield f"  {NOT_KEPT}"
        return
    for name, value in _flat(each.then.facts["context"]):
        yield f"  {name} = {value}"
    for name in each.then.left_out:
        yield f"  {name} was left out: it would tell who is known"
    same = each.allowed_now == each.then.allowed
    yield f"  the rules in force now: {'the same' if same else 'allowed' if each.allowed_now else 'refused'}"


def _flat(held: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, object]]:
    """Each fact by its path, as in ``grant.uses``."""
    for name, value in sorted(held.items()):
        if isinstance(value, dict) and value.keys() == {"type", "id"}:
            yield before + name, value["id"]
        elif isinstance(value, dict):
            yield from _flat(value, f"{before}{name}.")
        else:
            yield before + name, value
