"""More residents than have a file of their own: plausible, plain, and the same for the same seed."""

import random
from collections.abc import Mapping
from typing import Any, Final

_FEMALE: Final = "Amelia Beatrice Chloe Doreen Eleri Fatima Hannah Ingrid Jasmine Keziah Maureen Nia Olive Ruth Zainab"
_MALE: Final = "Adam Brian Carwyn Derek Elijah Femi Gareth Hamza Ivor Jakub Kenneth Leon Mohammed Owen Trevor"
_LAST: Final = (
    "Ackerley Barraclough Chowdhury Dawes Entwistle Fosse Grimshaw Haddad Iqbal Jessop Kowalczyk Llewellyn Mensah "
    "Naylor Okafor Penhaligon Quayle Rahman Sowerby Tattersall Underhill Varghese Wrigley Yilmaz"
)
_STREETS: Final = ("Larch Close", "Weir Street", "Foundry Lane", "Orchard Bank", "Canal Walk", "Priory Gardens")
_INWARD: Final = "ABDEFGHJLNPQRSTUWXYZ"
_CONDITIONS: Final = (
    ("59621000", "Essential hypertension", "Ramipril 5 mg capsules", "One capsule every morning"),
    ("195967001", "Asthma", "Beclometasone 100 micrograms inhaler", "Two puffs twice a day"),
    ("44054006", "Type 2 diabetes mellitus", "Metformin 500 mg tablets", "One tablet with breakfast and supper"),
    ("40930008", "Hypothyroidism", "Levothyroxine 75 micrograms tablets", "One tablet before breakfast"),
)
_OLDEST: Final = 96


def scripts(count: int, *, seed: int) -> list[Mapping[str, Any]]:
    """*count* residents as the TOML tables that `web.demo.cast.resident` reads; equal for an equal *seed*."""
    chance = random.Random(seed)  # noqa: S311 -- invented people, not keys
    return [_script(chance, number) for number in range(count)]


def _script(chance: random.Random, number: int) -> Mapping[str, Any]:
    sex = chance.choice(("female", "male"))
    first = chance.choice((_FEMALE if sex == "female" else _MALE).split())
    last = chance.choice(_LAST.split())
    age = chance.randint(1, _OLDEST)
    person: dict[str, Any] = {
        "slug": f"resident-{number:06d}",
        "title": "Ms" if sex == "female" else "Mr",
        "first_names": first,
        "last_name": last,
        "known_as": first,
        "age": age,
        "birthday": f"{chance.randint(1, 12):02d}-{chance.randint(1, 28):02d}",
        "sex": sex,
        "email": f"{first}.{last}.{number}@example.org".lower(),
        **_home(chance),
        "references": {"adult-social-care": f"ASC-{200_000 + number}", "revenues": f"RV-{800_000 + number}"},
        "health": _health(chance),
    }
    if age >= 18:  # noqa: PLR2004 -- liable for council tax from 18
        person["council_tax"] = _account(chance, number)
    return person


def _home(chance: random.Random) -> dict[str, str]:
    inward = f"{chance.randint(1, 9)}{chance.choice(_INWARD)}{chance.choice(_INWARD)}"
    return {
        "address_1": f"{chance.randint(1, 180)} {chance.choice(_STREETS)}",
        "town": "Ferndale",
        "postcode": f"ZZ99 {inward}",
    }


def _account(chance: random.Random, number: int) -> dict[str, str]:
    return {
        "account": f"CT-{8_000_000 + number}",
        "band": chance.choice("AABBCCDE"),
        "balance": f"{chance.choice((0, 0, 0, 41.5, 118.25)):.2f}",
        "as_of": "{today-3}",
    }


def _health(chance: random.Random) -> dict[str, Any]:
    code, words, medicine, dose = chance.choice(_CONDITIONS)
    since = f"{{today-{chance.randint(200, 3000)}}}"
    return {
        "gp_practice": "Larch Lane Surgery",
        "conditions": [{"code": code, "words": words, "status": "active", "since": since}],
        "medicines": [{"words": medicine, "dose": dose, "status": "active", "since": since, "reason": words}],
    }
