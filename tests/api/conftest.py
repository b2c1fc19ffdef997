import pytest
from client import Api
from shop_world import ShopWorld

import harness


@pytest.fixture(scope="module")
def shop(module_registry):
    return ShopWorld(module_registry)


@pytest.fixture(scope="module")
def people(shop, module_server):
    """``{"member": Api, "other_member": Api, "dealer": Api, "other_dealer": Api, "staff": Api, "stranger": Api}``."""
    registry = shop.registry

    def make(env):
        staff = env["crab.dealer.staff"].create({"dealer_id": shop.below_id, "name": "员工", "phone": "13811112222"})
        other = env["crab.member"].create({"name": "别人", "phone": "13722223333"})
        return staff.id, other.id

    staff_id, other_id = harness.in_transaction(registry, make)
    logins = {
        "member": ("crab.member", shop.member_id),
        "other_member": ("crab.member", other_id),
        "dealer": ("crab.dealer", shop.top_id),
        "other_dealer": ("crab.dealer", shop.other_id),
        "staff": ("crab.dealer.staff", staff_id),
    }
    found = {name: Api.login(module_server, registry, *login) for name, login in logins.items()}
    return {**found, "stranger": Api(module_server)}
