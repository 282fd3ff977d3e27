"""An administrator's home: the services that may ask, each on its own sheet, and the organisations behind them."""

from dataclasses import dataclass
from typing import Final

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from vault import registry, services
from vault.kinds import ServiceStatus
from vault.registry import ServiceSheet
from web.pages.common import reading

bp: Final = Blueprint("administrator", __name__, url_prefix="/admin")
BLUEPRINTS: Final = (bp,)


@dataclass(frozen=True, slots=True)
class _Filter:
    """What the list is cut to."""

    words: str
    organisation: str
    state: str

    @classmethod
    def given(cls) -> "_Filter":
        return cls(*(request.args.get(name, "").strip() for name in ("words", "organisation", "state")))

    @property
    def is_set(self) -> bool:
        """Whether it leaves anything out."""
        return bool(self.words or self.organisation or self.state)

    def takes(self, sheet: ServiceSheet) -> bool:
        said = f"{sheet.name} {sheet.slug} {sheet.what_for}".casefold()
        return (
            self.words.casefold() in said
            and self.organisation in {"", sheet.organisation.slug}
            and self.state in {"", str(sheet.status)}
        )


@bp.get("")
def home() -> ResponseReturnValue:
    """Every service, cut to what is looked for."""
    wanted = _Filter.given()
    with reading() as ctx:
        every = [registry.sheet(ctx, slug=each.slug) for each in services.registered(ctx)]
        owners = services.organisations(ctx)
        waiting = len(registry.waiting(ctx))
    found = [sheet for sheet in every if wanted.takes(sheet)]
    return render_template(
        "administrator/home.html",
        services=found,
        all=len(every),
        organisations=owners,
        wanted=wanted,
        states=list(ServiceStatus),
        waiting=waiting,
    )


@bp.get("/organisations")
def organisations() -> ResponseReturnValue:
    """Every organisation that takes part."""
    with reading() as ctx:
        owners = services.organisations(ctx)
        every = services.registered(ctx)
    counts = {owner.slug: sum(each.organisation_id == owner.organisation_id for each in every) for owner in owners}
    return render_template("administrator/organisations.html", organisations=owners, counts=counts)
