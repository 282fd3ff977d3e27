"""Schemathesis over the served description: every operation, all checks, a fixed seed.

    python -m tests.described --cases 10000

Each call that Schemathesis makes carries what a service would send: its token, a proof made for this very call, and,
where it means a sound call, who acts and a key of its own. What it makes up beside that, or leaves out, is its own.
"""

import argparse
import logging
import re
import sys
import tempfile
import time
import uuid
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import schemathesis
from requests_oauth2client import DPoPToken
from schemathesis.config import SchemathesisConfig
from schemathesis.engine import Status, events, from_schema
from schemathesis.generation.modes import GenerationMode
from schemathesis.schemas import BaseSchema

from tests import databases
from tests.protocol import assertion, granted
from tests.service_world import ACTOR, SEVEN, VISITS, World, names, world
from web.api.jose import sha256_base64url

DESCRIPTION: Final = "/api/v1/openapi.json"
SEED: Final = 20261124
KEY_PATTERN: Final = re.compile(r'"[A-Za-z0-9._:-]{8,64}"')
CALLS_WITH_ONE_TOKEN: Final = 400
"""A grant of this world ends after 1,000 uses, its token after 300 seconds."""


@dataclass(slots=True)
class Report:
    """What came of a run."""

    cases: int = 0
    answers: Counter[int] = field(default_factory=Counter)
    """How often each status came."""
    operations: set[str] = field(default_factory=set)
    faults: dict[str, str] = field(default_factory=dict)
    """A sample of each kind."""

    def take(self, event: Any) -> None:
        """Count one event of the engine."""
        if isinstance(event, events.ScenarioFinished):
            recorder = event.recorder
            self.operations.add(str(recorder.label))
            self.cases += len(recorder.cases)
            self.answers.update(one.response.status_code for one in recorder.interactions.values() if one.response)
            for case_id, checks in recorder.checks.items():
                for check in checks:
                    if check.status is Status.FAILURE:
                        self._fault(recorder, case_id, check)
        elif isinstance(event, events.NonFatalError | events.FatalError):
            self.faults[str(event)] = str(event)

    def _fault(self, recorder: Any, case_id: str, check: Any) -> None:
        """Keep one sample of each kind of fault: what was sent, but for what proves the sender, and what came back."""
        sent, told = recorder.interactions[case_id].request, recorder.interactions[case_id].response
        headers = {name: value for name, value in sent.headers.items() if name.lower() not in {"authorization", "dpop"}}
        came = f"{told.status_code} {told.text[:300]}" if told else "nothing"
        words = check.failure_info.failure.message if check.failure_info else ""
        kind = f"{recorder.label}: {check.name}: {came[:3]}"
        self.faults.setdefault(kind, f"{kind}\n{words}\n{sent.method} {sent.uri} {headers} {sent.body!r}\n{came}\n")


class Sender:
    """A service whose every call carries a proof of its own."""

    def __init__(self, place: World) -> None:
        self._place = place
        self._calls = 0
        self._token = self._fresh()

    def _fresh(self) -> DPoPToken:
        token = granted(self._place, names(SEVEN), purpose=VISITS)
        address = f"{self._place.issuer}/api/v1/records"
        assert self._place.session.get(address, auth=token, headers=ACTOR, timeout=10).ok  # it has the nonce now
        return token

    def headers(self, method: str, path: str) -> dict[str, str]:
        """Token and proof for one call."""
        self._calls += 1
        if self._calls % CALLS_WITH_ONE_TOKEN == 0:
            self._token = self._fresh()
        handle = self._token.access_token
        proof = self._token.dpop_key.proof(htm=method, htu=self._place.issuer + path, ath=sha256_base64url(handle))
        return {"Authorization": f"DPoP {handle}", "DPoP": str(proof)}


def _is_sound(case: Any) -> bool:
    """Whether the call was made up to be a good one."""
    return case.meta is not None and case.meta.generation.mode is GenerationMode.POSITIVE


def described(place: World, *, cases: int, whole: bool) -> BaseSchema:
    """The served description, of which each operation is sent *cases* times by a `Sender`."""
    generation = {"max-examples": cases, "deterministic": True, "database": "none"}
    # A sound change may meet a version that passed meanwhile: 412, beside what Schemathesis takes for sound itself.
    fine = {"positive_data_acceptance": {"expected-statuses": ["2xx", "3xx", "401", "403", "404", "409", "412", "429"]}}
    phases = {name: {"enabled": whole} for name in ("coverage", "stateful")}
    config = SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "request-timeout": 60,
            "generation": generation,
            "continue-on-failure": True,
            "checks": fine,
            "phases": phases,
        }
    )
    schema = schemathesis.openapi.from_url(place.issuer + DESCRIPTION, config=config)
    sender = Sender(place)

    @schema.auth(refresh_interval=None)
    class Signed:
        """What a service shows with each call."""

        def get(self, case: Any, _context: Any) -> dict[str, str]:
            return sender.headers(case.method, case.formatted_path)

        def set(self, case: Any, data: dict[str, str], _context: Any) -> None:
            sound = {**ACTOR, "Idempotency-Key": f'"{uuid.uuid4()}"'}
            held = case.headers or {}
            if _is_sound(case) and isinstance(case.body, dict) and "client_assertion" in case.body:
                case.body = {**case.body, "client_assertion": assertion(place), "purpose": VISITS}
            kept = {name: value for name, value in sound.items() if name == "Vault-Actor" or name in held}
            made = {**held, **kept, **data} if _is_sound(case) else {**ACTOR, **held, **data}
            # Whatever else is made up about a call: a key that could be one is its own, else it repeats another call's.
            fresh = KEY_PATTERN.fullmatch(str(made.get("Idempotency-Key", "")))
            case.headers = {**made, "Idempotency-Key": sound["Idempotency-Key"]} if fresh else made

    return schema


def run(place: World, *, cases: int, whole: bool = True) -> Report:
    """
    Send about *cases* calls, shared among the operations, and say what came of it.

    *whole* adds one call for each bound of each member, whatever *cases* is, and calls that follow one another.
    """
    place.app.config["RECORDS_CALLS"] = f"{1000 * cases} per minute"
    place.app.config["SERVICE_CALLS"] = place.app.config["CITIZEN_CALLS"] = 1000 * cases
    operations = described(place, cases=1, whole=whole).statistic.operations.selected
    schema = described(place, cases=max(1, cases // operations), whole=whole)
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
        *report.faults.values(),
    ]
    sys.stdout.write("\n".join([*told, ""]))
    raise SystemExit(bool(report.faults))


if __name__ == "__main__":
    main()
