"""Schemathesis over the served description: every operation, all checks, a fixed seed.

    python -m tests.described --cases 10000

Each call that Schemathesis makes carries what a service would send: its token, a proof made for this very call, and who
acts. What it makes up beside that, or leaves out, is its own.
"""

import argparse
import logging
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import schemathesis
from requests_oauth2client import DPoPToken
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.schemas import BaseSchema

from tests import databases
from tests.protocol import granted
from tests.service_world import ACTOR, SEVEN, World, names, world
from web.api.jose import sha256_base64url

DESCRIPTION: Final = "/api/v1/openapi.json"
SEED: Final = 20261124
CALLS_WITH_ONE_TOKEN: Final = 400
"""A grant of this world ends after 1,000 uses, its token after 300 seconds."""


@dataclass(slots=True)
class Report:
    """What came of a run."""

    cases: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    """How often each status came."""
    operations: set[str] = field(default_factory=set)
    faults: list[str] = field(default_factory=list)

    def take(self, event: Any) -> None:
        """Count one event of the engine."""
        if isinstance(event, events.ScenarioFinished):
            recorder = event.recorder
            self.operations.add(str(recorder.label))
            self.cases += len(recorder.cases)
            self.answers.update(one.response.status_code for one in recorder.interactions.values() if one.response)
            for checks in recorder.checks.values():
                self.faults += [_fault(recorder.label, check) for check in checks if check.status is Status.FAILURE]
        elif isinstance(event, events.NonFatalError | events.FatalError):
            self.faults.append(f"{getattr(event, 'label', 'engine')}: {event}")


def _fault(label: str, check: Any) -> str:
    failure = check.failure_info
    told = f"{failure.failure.title}: {failure.failure.message}" if failure else ""
    return f"{label}: {check.name}: {told}\n{failure.code_sample if failure else ''}"


class Sender:
    """A service whose every call carries a proof of its own."""

    def __init__(self, place: World) -> None:
        self._place = place
        self._calls = 0
        self._token = self._fresh()

    def _fresh(self) -> DPoPToken:
        token = granted(self._place, names(SEVEN))
        address = f"{self._place.issuer}/api/v1/records"
        assert self._place.session.get(address, auth=token, headers=ACTOR, timeout=10).ok  # it has the nonce now
        return token

    def headers(self, method: str, path: str) -> dict[str, str]:
        """Token, proof and acting person for one call."""
        self._calls += 1
        if self._calls % CALLS_WITH_ONE_TOKEN == 0:
            self._token = self._fresh()
        handle = self._token.access_token
        proof = self._token.dpop_key.proof(htm=method, htu=self._place.issuer + path, ath=sha256_base64url(handle))
        return {**ACTOR, "Authorization": f"DPoP {handle}", "DPoP": str(proof)}


def described(place: World, *, cases: int) -> BaseSchema:
    """The served description, of which each operation is sent *cases* times by a `Sender`."""
    generation = {"max-examples": cases, "deterministic": True, "database": "none"}
    config = SchemathesisConfig.from_dict({"seed": SEED, "generation": generation, "continue-on-failure": True})
    schema = schemathesis.openapi.from_url(place.issuer + DESCRIPTION, config=config)
    sender = Sender(place)

    @schema.auth(refresh_interval=None)
    class Signed:
        """What a service shows with each call."""

        def get(self, case: Any, _context: Any) -> dict[str, str]:
            return sender.headers(case.method, case.formatted_path)

        def set(self, case: Any, data: dict[str, str], _context: Any) -> None:
            case.headers = {**(case.headers or {}), **data}

    return schema


def run(place: World, *, cases: int) -> Report:
    """Send about *cases* calls, shared among the operations, and say what came of it."""
    place.app.config["RECORDS_CALLS"] = f"{1000 * cases} per minute"
    operations = described(place, cases=1).statistic.operations.selected
    schema = described(place, cases=max(1, cases // operations))
    report = Report()
    for event in from_schema(schema).execute():
        report.take(event)
    return report


def main() -> None:
    """Run by hand or by night; exit 1 where an answer is not as described."""
    options = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    options.add_argument("--cases", type=int, default=10_000, help="how many calls, about (10,000)")
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    begun = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/vault.sqlite3"
        databases.migrate(url)
        with world(Path(folder), url) as place:
            report = run(place, cases=options.parse_args().cases)
    told = [
        f"{report.cases} cases of {len(report.operations)} operations in {time.monotonic() - begun:.0f} s",
        "answers: " + ", ".join(f"{status}: {number}" for status, number in sorted(report.answers.items())),
        *report.faults,
    ]
    sys.stdout.write("\n".join([*told, ""]))
    raise SystemExit(bool(report.faults))


if __name__ == "__main__":
    main()
