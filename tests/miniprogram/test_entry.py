"""Coming in: by an invitation, by a code, by password, in another role."""

from harness import covers

PHONE = "13655550001"


@covers("MB-01", "member belongs to the inviter's dealer", via="api")
@covers("MB-04", "an unknown phone registers", via="api")
def test_invited(phone, world):
    invite = world.run(lambda env: env["crab.dealer"].browse(world.below_id).invite_code)
    phone.login(PHONE, invite=invite).at("pages/home/index")
    dealer_id = world.run(lambda env: env["crab.member"].search([("phone", "=", f"+86{PHONE}")]).dealer_id.id)
    assert dealer_id == world.below_id
    phone.tap("我的").at("pages/mine/index").see("普通会员")
