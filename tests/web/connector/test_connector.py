"""The connector, against a real vault: files in and out, calls, kills at every step, and what it never tells."""

import json
import logging
import socket
import stat
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest

from tests import databases
from tests.service_world import HOME_CARE, PERSON, STRANGER, World, world
from vault import grants, requests
from vault.context import OPERATOR
from web.cli import main
from web.client import ServiceKey, VaultClient
from web.connector import serving
from web.connector.drop import Drop
from web.connector.local import app_for
from web.connector.serving import ConnectorError
from web.connector.store import State, Store
from web.connector.working import Worker

TWO = frozenset({"medication.name", "identity.name"})
REQUEST = {
    "id": "visit-31",
    "person": PERSON,
    "purpose": HOME_CARE,
    "fields": "medication.name identity.name",
    "reference": "hc-0417",
    "role": "care-worker",
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    folder = tmp_path_factory.mktemp("world")
    with databases.sqlite(folder) as url, world(folder, url) as made:
        yield made


@dataclass
class Desk:
    """A connector's folders, a clock that the test moves, and the connector as it is after its last start."""

    place: World
    folder: Path
    later: float = 0.0
    open: list[Store] = field(default_factory=list)

    def start(self) -> tuple[Worker, Drop]:
        """Start the connector anew, as after a kill."""
        self.folder.mkdir(exist_ok=True)
        key = ServiceKey.of(self.place.home_care.key.to_dict())
        drop = Drop(self.folder / "in", self.folder / "out")
        store = Store(self.folder / "requests.sqlite3")
        self.open.append(store)
        client = VaultClient(self.place.issuer, "home-care", key, proof_key=serving.proof_key(self.folder))
        return Worker(client, store, drop.deliver, clock=self.clock), drop

    def clock(self) -> float:
        return time.time() + self.later

    def put(self, name: str, text: str) -> None:
        """Drop a file, as a system does: written beside, then moved in."""
        (self.folder / "in" / f"{name}.part").write_text(text, encoding="utf-8")
        (self.folder / "in" / f"{name}.part").rename(self.folder / "in" / name)

    def out(self, name: str = "visit-31") -> dict[str, Any]:
        told: dict[str, Any] = json.loads((self.folder / "out" / f"{name}.json").read_text(encoding="utf-8"))
        return told


@pytest.fixture
def desk(place: World, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(place, tmp_path / "connector")
    yield made
    for store in made.open:
        store.close()
    with place.vault.transaction(place.citizen) as ctx:
        for one in requests.waiting(ctx, citizen_id=place.citizen_id):
            requests.decide(ctx, citizen_id=place.citizen_id, request_id=one.request_id, allowed=frozenset())
        for grant in grants.of_citizen(ctx, citizen_id=place.citizen_id):
            if grant.is_live:
                grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=grant.grant_id)


def asked(place: World) -> int:
    """How often the person was asked, in all."""
    with place.vault.reading(OPERATOR) as ctx:
        return len(requests.of_citizen(ctx, citizen_id=place.citizen_id))


def test_a_file_is_taken_the_person_asked_once_and_the_answer_written_for_this_user_alone(
    desk: Desk, place: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "citizen-vault.connector")
    worker, drop = desk.start()
    before = asked(place)
    header = ",".join(REQUEST)
    rows = [",".join(REQUEST.values()), ",".join({**REQUEST, "id": "visit-32", "person": STRANGER}.values())]
    desk.put("monday.csv", "\n".join([header, *rows]))
    assert serving.turn(worker, drop) == 2
    desk.put("again.json", json.dumps([REQUEST]))  # the same once more
    place.decide(TWO)
    for _turn in range(3):
        desk.later += 70
        serving.turn(worker, drop)
    assert asked(place) == before + 1
    told = desk.out()
    assert {name: value for one in told["records"] for name, value in one["fields"].items()}["medication.name"]
    assert (told["state"], sorted(told["fields"])) == ("answered", sorted(TWO))
    path = desk.folder / "out" / "visit-31.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert sorted(one.name for one in (desk.folder / "in" / "done").iterdir()) == ["again.json", "monday.csv"]
    assert not (desk.folder / "out" / "visit-32.json").exists()  # a stranger does not answer, like many
    kept = b"".join(one.read_bytes() for one in desk.folder.glob("requests.sqlite3*"))
    for secret in ("Apixaban", "Doris Pritchard"):
        assert secret not in caplog.text
        assert secret.encode() not in kept


def test_a_no_is_written_with_what_to_do(desk: Desk, place: World) -> None:
    worker, drop = desk.start()
    desk.put("one.json", json.dumps(REQUEST))
    serving.turn(worker, drop)
    place.decide(frozenset())
    desk.later += 70
    serving.turn(worker, drop)
    assert desk.out() == {
        "id": "visit-31",
        "state": "ended",
        "code": "access_denied",
        "remedy": "Go on without; they can share later if they want.",
    }


class KilledError(BaseException):
    """Stands for a kill: nothing of the process goes on, no handler of ours catches it."""


STEPS = ("take", "moved", "ask", "asked", "shared", "read", "delivered", "answered")
"""After which of its steps the connector is killed: kept, file moved away, sent, kept …"""


def killed_after(step: str, worker: Worker, drop: Drop, monkeypatch: pytest.MonkeyPatch) -> tuple[Worker, Drop]:
    """The same connector, which dies right after *step*."""

    def dies(call: Callable[..., Any], when: Callable[..., bool] = lambda *_, **__: True) -> Callable[..., Any]:
        def dying(*args: Any, **kwargs: Any) -> Any:
            call(*args, **kwargs)
            if when(*args, **kwargs):
                raise KilledError
            return None

        return dying

    states = {"asked": State.WAITING, "shared": State.GRANTED, "answered": State.ANSWERED}
    if step in states:
        change = dies(worker.store.change, lambda _row, state, **_: state is states[step])
        monkeypatch.setattr(worker.store, "change", change)
    elif step == "take":
        monkeypatch.setattr(worker.store, "take", dies(worker.store.take))
    elif step == "moved":
        monkeypatch.setattr(drop, "take", dies(drop.take))
    elif step in {"ask", "read"}:
        monkeypatch.setattr(worker.client, step, dies(getattr(worker.client, step)))
    else:
        return replace(worker, deliver=dies(worker.deliver)), drop
    return worker, drop


@pytest.mark.parametrize("step", STEPS)
def test_killed_after_any_step_it_goes_on_and_the_person_is_asked_once(
    desk: Desk, place: World, step: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = asked(place)
    worker, drop = killed_after(step, *desk.start(), monkeypatch)
    desk.put("one.json", json.dumps(REQUEST))
    died = False
    for _turn in range(6):
        try:
            serving.turn(worker, drop)
        except KilledError:
            died = True
            worker, drop = desk.start()
        if place.waiting():
            desk.place.decide(TWO) if worker.store.due(desk.clock() + 70)[0].state is State.WAITING else None
        desk.later += 70
    assert died
    assert asked(place) == before + 1
    assert (desk.out()["state"], sorted(desk.out()["fields"])) == ("answered", sorted(TWO))


def test_a_token_lost_by_a_kill_while_it_came_is_told_and_nobody_is_asked_again(
    desk: Desk, place: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = asked(place)
    worker, drop = desk.start()
    desk.put("one.json", json.dumps(REQUEST))
    serving.turn(worker, drop)
    place.decide(TWO)
    desk.later += 70
    poll = worker.client.poll

    def dying(*args: Any) -> None:
        poll(*args)
        raise KilledError

    monkeypatch.setattr(worker.client, "poll", dying)
    with pytest.raises(KilledError):
        serving.turn(worker, drop)
    worker, drop = desk.start()
    serving.turn(worker, drop)
    assert (desk.out()["state"], desk.out()["code"]) == ("ended", "invalid_grant")
    assert asked(place) == before + 1


def test_a_vault_that_does_not_answer_is_tried_again_later(desk: Desk) -> None:
    worker, drop = desk.start()
    with closing(socket.create_server(("127.0.0.1", 0))) as closed:
        port = closed.getsockname()[1]
    key = ServiceKey.of(desk.place.home_care.key.to_dict())
    worker = replace(worker, client=VaultClient(f"http://127.0.0.1:{port}", "home-care", key))
    desk.put("one.json", json.dumps(REQUEST))
    assert serving.turn(worker, drop) == 1
    assert serving.turn(worker, drop) == 0  # not at once
    desk.later += 70
    assert serving.turn(worker, drop) == 1


def test_a_file_that_cannot_be_taken_is_put_aside_whole_with_a_reason_that_quotes_nothing(desk: Desk) -> None:
    worker, drop = desk.start()
    for name, text in {
        "a.json": "{",
        "b.json": json.dumps([REQUEST, {**REQUEST, "id": "../visit"}]),
        "c.json": json.dumps({**REQUEST, "secret": "Apixaban"}),
        "d.csv": "id,person\nvisit-9,Apixaban",
        "e.json": json.dumps({**REQUEST, "fields": []}),
        "f.json": json.dumps({**REQUEST, "days": "Apixaban"}),
        "g.json": json.dumps({**REQUEST, "role": ""}),
    }.items():
        desk.put(name, text)
    assert serving.turn(worker, drop) == 0
    bad = desk.folder / "in" / "bad"
    told = {one.name: one.read_text(encoding="utf-8") for one in bad.glob("*.error")}
    assert len(told) == 7
    assert "Apixaban" not in "".join(told.values())
    assert "request 2: `id`" in told["b.json.error"]


def test_no_file_stops_the_connector_or_the_files_beside_it(desk: Desk) -> None:
    worker, drop = desk.start()
    poisoned: list[dict[str, Any]] = [{"days": []}, {"days": 10**400}, {"fields": ["\ud800"]}]
    for number, more in enumerate(poisoned):
        desk.put(f"a{number}.json", json.dumps({**REQUEST, **more}))
    desk.put("deep.json", "[" * 100_000)
    desk.put(f"{'n' * 240}.json", "{")  # its name leaves no room for the reason beside it
    desk.put("z.json", json.dumps(REQUEST))
    assert drop.take(worker.store, now=desk.clock()) == 1
    assert len(list((desk.folder / "in" / "bad").glob("*.error"))) == len(poisoned) + 1


def test_an_answer_is_never_written_into_what_somebody_laid_in_its_way(desk: Desk) -> None:
    _worker, drop = desk.start()
    theirs = desk.folder / "theirs"
    theirs.touch(mode=0o666)
    (desk.folder / "out" / ".visit-31.json.part").symlink_to(theirs)
    drop.deliver("visit-31", {"id": "visit-31"})
    assert (theirs.read_bytes(), desk.out()) == (b"", {"id": "visit-31"})
    assert stat.S_IMODE((desk.folder / "out" / "visit-31.json").lstat().st_mode) == 0o600


def test_answers_are_deleted_after_their_time_and_the_id_is_never_asked_again(desk: Desk, place: World) -> None:
    worker, drop = desk.start()
    desk.put("one.json", json.dumps(REQUEST))
    serving.turn(worker, drop)
    place.decide(frozenset())
    desk.later += 70
    serving.turn(worker, drop)
    before = asked(place)
    desk.later += 7200
    serving.sweep(worker, drop, keep_seconds=3600)
    assert not list((desk.folder / "out").iterdir())
    assert not [one for one in (desk.folder / "in" / "done").iterdir() if one.is_file()]
    assert worker.store.find("visit-31") is None
    desk.put("two.json", json.dumps(REQUEST))
    serving.turn(worker, drop)
    assert asked(place) == before


def test_calls_on_this_machine_need_the_secret_and_read_through_the_vault_each_time(desk: Desk, place: World) -> None:
    worker, drop = desk.start()
    known = serving.secret(desk.folder)
    assert stat.S_IMODE((desk.folder / "secret").stat().st_mode) == 0o600
    caller = app_for(worker, secret=known).test_client()
    assert caller.get("/requests/visit-31").status_code == 401
    assert caller.get("/requests/visit-31", headers={"Authorization": "Bearer é"}).status_code == 401
    caller.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {known}"
    assert caller.get("/requests/visit-31").status_code == 404
    body = {name: value for name, value in REQUEST.items() if name != "id"}
    assert caller.put("/requests/visit-31", json=body).status_code == 202
    assert caller.put("/requests/visit-31", json=body).status_code == 202
    assert caller.put("/requests/visit-31", json={**body, "purpose": "other"}).status_code == 409
    assert caller.put("/requests/visit-32", json={"person": PERSON}).status_code == 422
    assert caller.put("/requests/visit-32", data="{").status_code == 422
    serving.turn(worker, drop)
    assert caller.get("/requests/visit-31").get_json() == {"id": "visit-31", "state": "waiting"}
    assert caller.get("/requests/visit-31/records").status_code == 409
    place.decide(TWO)
    desk.later += 70
    serving.turn(worker, drop)
    assert sorted(caller.get("/requests/visit-31/records").get_json()["fields"]) == sorted(TWO)
    serving.sweep(worker, drop, keep_seconds=-3600)  # what is shared for calls stays
    assert caller.delete("/requests/visit-31").status_code == 200
    assert caller.get("/requests/visit-31/records").status_code == 409
    assert caller.delete("/requests/visit-31").status_code == 409
    assert caller.get("/elsewhere").status_code == 404


def test_the_vaults_own_no_reaches_a_caller_with_its_remedy(desk: Desk, place: World) -> None:
    worker, drop = desk.start()
    caller = app_for(worker, secret=None).test_client()
    caller.put("/requests/visit-31", json={name: value for name, value in REQUEST.items() if name != "id"})
    serving.turn(worker, drop)
    place.decide(TWO)
    desk.later += 70
    serving.turn(worker, drop)
    with place.vault.transaction(place.citizen) as ctx:
        (live,) = (one for one in grants.of_citizen(ctx, citizen_id=place.citizen_id) if one.is_live)
        grants.withdraw(ctx, citizen_id=place.citizen_id, grant_id=live.grant_id)
    stopped = caller.get("/requests/visit-31/records")
    assert stopped.get_json() == {"code": "invalid_grant", "remedy": "Ask the person again."}
    assert caller.get("/requests/visit-31").get_json()["state"] == "ended"


def test_one_connector_works_in_a_folder_that_nobody_else_reads(tmp_path: Path) -> None:
    with serving.home_of(tmp_path / "own"), pytest.raises(ConnectorError), serving.home_of(tmp_path / "own"):
        pass
    (tmp_path / "wide").mkdir(mode=0o755)
    (tmp_path / "wide").chmod(0o755)
    with pytest.raises(ConnectorError, match="chmod 700"), serving.home_of(tmp_path / "wide"):
        pass


def test_a_socket_is_for_this_user_alone_and_one_that_a_killed_connector_left_is_replaced(desk: Desk) -> None:
    worker, _drop = desk.start()
    path = desk.folder / "socket"
    with closing(socket.socket(socket.AF_UNIX)) as left:
        left.bind(str(path))
    with serving.served(app_for(worker, secret=None), host=f"unix://{path}", port=0):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0
        with closing(socket.socket(socket.AF_UNIX)) as caller:
            caller.connect(str(path))
            caller.sendall(b"GET /requests/none HTTP/1.0\r\n\r\n")
            assert b"404" in caller.recv(64)
        with pytest.raises(ConnectorError), serving.served(app_for(worker, secret=None), host=f"unix://{path}", port=0):
            pass


def test_by_command_it_takes_what_lies_there_once_and_tells_neither_person_nor_value(
    desk: Desk, place: World, capsys: pytest.CaptureFixture[str]
) -> None:
    desk.start()
    key = desk.folder / "key.json"
    key.touch(mode=0o600)
    key.write_text(json.dumps(place.home_care.key.to_dict()), encoding="utf-8")
    desk.put("one.json", json.dumps(REQUEST))
    desk.folder.chmod(0o700)
    told = [*("connector", "--vault", place.issuer, "--client", "home-care", "--key", str(key)), "--once"]
    folders = ["--home", str(desk.folder), "--in", str(desk.folder / "in"), "--out", str(desk.folder / "out")]
    with pytest.raises(SystemExit) as ended:
        main([*told, *folders])
    said = capsys.readouterr()
    assert (ended.value.code or 0, "1 moved on" in said.err) == (0, True)
    assert PERSON not in said.err + said.out
    assert place.waiting() == 1
    key.chmod(0o644)
    with pytest.raises(SystemExit) as refused:
        main([*told, *folders])
    assert (refused.value.code, "chmod 600" in capsys.readouterr().err) == (1, True)


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ((), "nobody could ask"),
        (("--listen", "0.0.0.0:8700"), "this machine alone"),
        (("--listen", "vault.example.org:8700"), "an address and a port"),
        (("--listen", "127.0.0.1:8700", "--socket", "s"), "not both"),
        (("--in", "x"), "go together"),
    ],
)
def test_it_never_opens_by_accident(more: tuple[str, ...], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    told = ("connector", "--vault", "https://vault.example.org", "--client", "x", "--key", "k", "--home", "h")
    with pytest.raises(SystemExit) as refused:
        main([*told, *more])
    assert (refused.value.code, words in capsys.readouterr().err.replace("\n", " ")) == (2, True)
