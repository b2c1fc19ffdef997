from urllib.parse import unquote

from odoo.addons.crab_api.tests.common import ApiCase
from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_wechat.tests.common import WechatCase

PHONE = "13700000001"


class ApiWechatCase(ApiCase, WechatCase):
    def person(self, record):
        return ApiCase.subject(self, record)  # ``subject`` is the member's here

    def login(self, js_code=None, phone=None, **values):
        body = {"js_code": js_code or self.js_code(), **values}
        if phone:
            body["phone_code"] = self.phone_code(phone)
        return self.api().post("/auth/login/wechat", json=body)


class TestLogin(ApiWechatCase):
    @covers("IF-03", "mini-program login", via="api")
    @covers("MB-02", "WeChat login", via="api")
    def test_known(self):
        self.bind(self.account, "o-1")
        got = self.login()
        self.assertEqual((got.status, got.json["role"], got.json["is_new"]), (200, "member", False))
        roles = self.api().use(got.json).get("/auth/roles")
        self.assertEqual([role["role"] for role in roles.json["items"]], ["member"])
        attempt = self.env["crab.login.attempt"].search([], limit=1)
        self.assertEqual((attempt.method, attempt.outcome, attempt.account_id), ("wechat", "ok", self.account))

    @covers("MB-03", "a known phone merges into its account", via="api")
    def test_known_phone(self):
        phone = self.account.phone.removeprefix("+86")
        asked = self.login()
        self.assertEqual((asked.status, asked.code), (409, "phone_required"))
        got = self.login(phone=phone)
        self.assertEqual((got.status, got.json["is_new"]), (200, False))
        self.assertEqual(self.env["crab.account"].search_count([("phone", "=", self.account.phone)]), 1)
        self.assertEqual(self.login().status, 200, "from now on known")

    @covers("MB-01", "a level's invitation link registers a member of that level", via="api")
    @covers("MB-21", "the chain stays with the inviter's dealer", via="api")
    def test_unknown_is_registered_as_the_scene_says(self):
        member = self._new_member("Inviter", dealer_id=self.dealer2.id)
        shared = self.api(self.person(member)).post("/wechat/links", json={"kind": "invitation"})
        scene = unquote(shared.json["path"].partition("?scene=")[2])
        got = self.login(self.js_code("o-new"), PHONE, invite=scene)
        self.assertEqual((got.status, got.json["is_new"]), (200, True))
        new = self.env["crab.member"].search([("phone", "=", f"+86{PHONE}")])
        self.assertEqual((new.inviter_id, new.dealer_id), (member, self.dealer2))

    def test_wrong_invitation_changes_nothing(self):
        got = self.login(self.js_code("o-new"), PHONE, invite="NONSENSE")
        self.assertEqual((got.status, got.code), (422, "refused"))
        self.assertFalse(self.env["crab.account"].search([("phone", "=", f"+86{PHONE}")]))

    def test_used_and_wrong_codes(self):
        self.bind(self.account, "o-1")
        code = self.js_code()
        self.assertEqual(self.login(code).status, 200)
        for again in (code, "nonsense"):
            self.assertEqual(self.login(again).status, 422)
        self.assertEqual(self.api().post("/auth/login/wechat", json={"js_code": ""}).code, "invalid")
        self.assertEqual(self.api().post("/auth/login/wechat", json={"js_code": "x", "openid": "o-1"}).code, "invalid")

    def test_dealers_and_roles(self):
        got = self.login(self.js_code("o-dealer"), self.dealer1.phone.removeprefix("+86"))
        self.assertEqual(got.json["role"], "dealer")
        self.assertEqual(self.login(self.js_code("o-dealer"), role="staff").status, 403)


class TestPaths(ApiWechatCase):
    @covers("MB-21", "own invitation QR", via="api")
    @covers("IF-04", "mini-program codes", via="api")
    def test_picture_of_the_invitation(self):
        got = self.api(self.person(self.member)).get("/wechat/invitation-code")
        self.assertEqual((got.status, got.headers["content-type"]), (200, "image/png"))
        self.assertEqual(got.content[:4], b"\x89PNG")

    def _scanned(self, got):
        """What the mini-program is opened with by whoever scans the picture."""
        self.assertEqual((got.status, got.headers["content-type"]), (200, "image/png"))
        return self.env["crab.wechat.scene"].search([], order="id desc", limit=1)

    @covers("CH-32", "dealer's own member-invitation link and QR", via="api")
    @covers("IF-04", "mini-program codes", via="api")
    def test_picture_of_a_level_that_head_office_opened(self):
        self.gold.is_open_to_staff = True
        levels = self.env["crab.member.level"]
        token = levels._invitation_for_subject(self.person(self.staff), self.gold)["token"]
        dealer = self.api(self.person(self.dealer1))  # shows the poster of its staff
        for client in (self.api(self.person(self.staff)), dealer):
            scene = self._scanned(client.get("/wechat/invitation-code", params={"token": token})).scene
        self.assertEqual(levels._read_token(scene), (self.gold, self.staff))
        made = self.env["crab.wechat.scene"].search_count([])
        for same in (token.lower(), f" {token}", scene):
            self.assertEqual(dealer.get("/wechat/invitation-code", params={"token": same}).status, 200)
        self.assertEqual(self.env["crab.wechat.scene"].search_count([]), made, "WeChat is asked once")
        forged = f"{token[:-1]}{'A' if token[-1] != 'A' else 'B'}"
        for wrong in (forged, "NONSENSE", ".", "%"):
            self.assertEqual(dealer.get("/wechat/invitation-code", params={"token": wrong}).status, 404)
        self.gold.is_open_to_staff = False
        self.assertEqual(dealer.get("/wechat/invitation-code", params={"token": token}).status, 404)

    @covers("CH-09", "QR picture and link", via="api")
    @covers("IF-04", "mini-program codes", via="api")
    def test_picture_of_an_invitation_of_a_dealer(self):
        invitation = self.env["crab.dealer.invitation"]._invite_for_subject(self.person(self.dealer1), "3", 0.9)
        wanted = {"kind": "dealer", "token": invitation.invite_code}
        scene = self._scanned(self.api(self.person(self.dealer1)).get("/wechat/invitation-code", params=wanted))
        self.assertEqual((scene.kind, scene.scene), ("dealer", f"d={invitation.invite_code}"))
        for other in (self.dealer2, self.staff, self.member):
            got = self.api(self.person(other)).get("/wechat/invitation-code", params=wanted)
            self.assertEqual(got.status, 404)
        for wrong in ({"kind": "dealer"}, {"kind": "dealer", "token": "x"}):
            got = self.api(self.person(self.dealer1)).get("/wechat/invitation-code", params=wrong)
            self.assertEqual(got.status, 404)

    @covers("IF-04", "share with path and picture", via="api")
    def test_link_of_a_gift(self):
        order = self._bought(1)
        gift = self.env["crab.card.gift"]._give(self.subject, self._numbers(order).id)
        api = self.api(self.person(self.member))
        got = api.post("/wechat/links", json={"kind": "gift", "token": gift.token})
        self.assertEqual(got.status, 200, got.json)
        self.assertTrue(got.json["link"].startswith("https://"))
        self.assertTrue(got.json["path"].startswith("pages/launch/index?scene="))
        self.assertEqual(api.post("/wechat/links", json={"kind": "gift", "token": "x" * 32}).status, 404)
        self.assertEqual(api.post("/wechat/links", json={"kind": "gift"}).code, "invalid")

    @covers("MB-29", "opens WeChat customer service", via="api")
    def test_customer_service(self):
        got = self.api(self.person(self.member)).get("/wechat/customer-service")
        self.assertEqual(got.json, {"corp_id": self.program.corp_id, "url": self.program.service_url})

    @covers("MB-30", "subscribe message on order change", via="api")
    def test_templates_to_ask_consent_for_and_the_message_that_follows(self):
        template = self.env["crab.wechat.template"].create(
            {
                "name": "Order",
                "app_id": self.program.id,
                "template_id": "TEMPLATE-ORDER",
                "body": "character_string1: {order}\nthing2: {goods}\namount3: {amount}",
            }
        )
        self._words("order.to_ship").write({"is_wechat": True, "wechat_template_id": template.id})
        got = self.api(self.person(self.member)).get("/wechat/subscribe-messages")
        self.assertEqual(got.json["items"], [{"event": "order.to_ship", "template_id": "TEMPLATE-ORDER"}])
        self.bind(self.account, "o-consents")
        self.sandbox.ctl("subscribe", openid="o-consents", template=got.json["items"][0]["template_id"])
        order = self._paid([(self.thousand, 1)])
        self._tell()
        self.run_job("cron_messages")
        [message] = self.sandbox.ctl("messages", openid="o-consents")
        self.assertEqual(message["data"]["character_string1"], order.name)

    def test_strangers(self):
        for path in ("/wechat/invitation-code", "/wechat/subscribe-messages", "/wechat/customer-service"):
            self.assertEqual(self.api().get(path).status, 401)
        self.assertEqual(self.api().post("/wechat/links", json={"kind": "invitation"}).status, 401)

    def test_wechat_away(self):
        self.sandbox.ctl("fault", on="picture", do="status", status=500)
        got = self.api(self.person(self.member)).get("/wechat/invitation-code")
        self.assertEqual(
            (got.status, got.json["detail"]), (422, "WeChat cannot be reached. Please try again in a moment.")
        )
