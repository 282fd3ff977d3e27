"""What those who build services read is what programs read, whole, and nothing comes from elsewhere."""

import re

import pytest

from tests.service_world import World
from web.remedies import DATA_API, OAUTH


@pytest.fixture(scope="module")
def page(place: World) -> str:
    return place.session.get(f"{place.issuer}/developers", timeout=10).text


def test_every_operation_parameter_and_schema_of_the_description_is_on_the_page(place: World, page: str) -> None:
    told = place.session.get(f"{place.issuer}/api/v1/openapi.json", timeout=10).json()
    for path, item in told["paths"].items():
        for method in item.keys() - {"parameters"}:
            assert f"<code>{method.upper()} {path}</code>" in page
            assert all(f"<code>{one['name']}</code>" in page for one in item[method].get("parameters", []))
    assert all(f'id="{name}"' in page for name in told["components"]["schemas"])


def test_every_code_stands_there_with_its_remedy(page: str) -> None:
    for name, table in (("data", DATA_API), ("oauth", OAUTH)):
        assert [code for code in table if f'id="{name}-{code}"' not in page] == []


def test_every_link_on_the_page_leads_to_a_place_on_it(page: str) -> None:
    places = re.findall(r' id="([^"]+)"', page)
    assert len(places) == len(set(places))
    assert set(re.findall(r'href="#([^"]+)"', page)) <= set(places)
