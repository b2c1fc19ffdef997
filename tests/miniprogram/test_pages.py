"""Every page of pages.json, with something to show and with nothing: no fault, nothing too wide, nobody kept out."""

import httpx
import mini
import mini_screens
import pytest
from phone import SMALL

STAFF = "13900000011"
# by role: M000001, A0001 of the made-up company and its staff; who has nothing (C0001 is of level 3: nobody below)
RICH = {"member": "13800000001", "dealer": "13900000001", "staff": STAFF}
NEW = {"member": "13655559999", "dealer": "13900000004", "staff": STAFF}
PAGES = sorted(mini.pages())


@pytest.fixture(scope="module")
def rich(world):
    """``role: get(path)`` of people with something of everything that a page shows."""
    member, dealer = world.api(RICH["member"]), world.api(RICH["dealer"], "dealer")
    [product, other, *_rest] = member.get("/catalog/products", params={"kind": "package"})["items"]
    [address] = member.get("/member/addresses")
    member.put(f"/member/favourites/{product['id']}", status=204)
    member.post("/cart/lines", json={"product_id": other["id"], "quantity": 1})
    wish = {"lines": [{"product_id": product["id"], "quantity": 1}], "address_id": address["id"]}
    dates = member.post("/orders/quote", json=wish)["delivery_dates"]
    member.post("/orders", status=201, key=True, json={**wish, "delivery_date": dates[0]})
    member.post("/feedback", status=201, key=True, json={"text": "蟹很新鲜"})
    card = member.get("/member/cards")["items"][0]
    choices = member.get(f"/cards/{card['id']}/redemption-options")
    asked = {"address_id": address["id"], "delivery_date": choices["delivery_dates"][0]}
    member.post(f"/cards/{card['id']}/redemptions", status=201, key=True, json=asked)

    def getter(api):
        def get(path):
            try:
                return api.get(path)
            except (AssertionError, httpx.HTTPError):
                return []

        return get

    return {"member": getter(member), "dealer": getter(dealer), "staff": getter(world.api(STAFF, "staff"))}


def looked_at(phone, path, query=""):
    """Open a page and let everything of it arrive; what is wrong with it."""
    phone.page.goto("about:blank")
    phone.page.goto(f"{phone.url}/m/#/{path}" + (f"?{query}" if query else ""))
    phone.settle()
    phone.page.wait_for_load_state("networkidle")
    return [*phone.faults, *phone.overflows()]


@pytest.mark.parametrize("path", PAGES)
def test_page(phones, world, rich, path):
    role = mini_screens.role_of(path)
    phone = phones()
    phone.enter_as(RICH[role], role)
    query = mini_screens.query_of(path, rich[role])
    assert not looked_at(phone, path, query)
    assert not phone.barriers()
    small = phones(SMALL)
    small.enter_as(NEW[role], role)
    assert not looked_at(small, path)
