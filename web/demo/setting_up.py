"""Set a demo up in an empty vault: registry, files, import, accounts, story, each by the way it has in earnest."""

from collections.abc import Callable
from pathlib import Path
from typing import Final

from vault.context import OPERATOR, Vault
from vault.importing.run import Order, Summary, run_import
from web.demo import council, note, registry, story
from web.demo.extracts import HOSPITAL, SOURCES, Source
from web.demo.note import FOLDER, Note

_AGREEMENTS: Final = {"receive-health-record": "FBC-ISA-2026-01", "receive-council-record": "FBC-ISA-2026-02"}

Step = Callable[[str], None]


def begin(vault: Vault, *, home: Path, residents: int | None = None, step: Step = lambda _words: None) -> Note:
    """Fill an empty *vault*: registry, files, import, accounts, story. *step* is told in words what comes next."""
    today = vault.clock().date()
    note.mark(home)
    step("laying the registry down")
    with vault.transaction(OPERATOR) as ctx:
        registry.lay(ctx, home=home)
    people = council.residents(residents, today=today)
    files = home / FOLDER / "files"
    council.write(files, people, today=today)
    for source in (*SOURCES, HOSPITAL):
        step(f"importing {source.system} of {source.organisation}")
        bring_in(vault, files=files, source=source)
    step("telling the story")
    company = story.gather(vault, people)
    story.tell(vault, company)
    citizens = {slug: player.citizen_id for slug, player in company.players.items()}
    made = Note(today, len(people), company.accounts(), citizens)
    note.write(home, made)
    return made


def bring_in(vault: Vault, *, files: Path, source: Source) -> Summary:
    """Import the files of one source, as `citizen-vault import` does."""
    order = Order(
        organisation=source.organisation,
        system=source.system,
        purpose=source.purpose,
        agreement=_AGREEMENTS[source.purpose],
    )
    return run_import(vault, paths=[council.folder_of(files, source)], order=order)
