from freezegun import freeze_time

from odoo.exceptions import UserError

from odoo.addons.crab_api.tests.common import ApiCase
from odoo.addons.crab_card.tests.common import make_numbers
from odoo.addons.crab_shop_aftersale.tests.common import AftersaleCase, picture

KEY = "key-00000001"
OTHER_KEY = "key-00000002"


class MemberApiCase(ApiCase, AftersaleCase):
    """The shop with packages, cards and dealers; ``self.mine`` calls the API as its member, ``self.theirs`` as another
    one, ``self.nobody`` without login."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.district = cls.env["crab.region"].search([("code", "=", "310101")])
        cls.receiver = {
            "receiver_name": "Receiver",
            "receiver_phone": "13800000000",
            "region_code": "310101",
            "street": "Example road 1",
        }
        cls.printed = cls._new_card_product("T-PRINTED", 1000).product_tmpl_id
        cls.printed.crab_state = "on_sale"
        cls.printed_package = cls.printed.crab_choice_ids
        cls.env["product.product"]._crab_adjust_stock({cls.printed_package: 100, cls.ecard.crab_choice_ids: 100})

    def setUp(self):
        super().setUp()
        self.enterContext(self._own_transactions_here())
        self.mine, self.theirs = self.api(self._who(self.member)), self.api(self._who(self.friend))
        self.dealers, self.nobody = self.api(self._who(self.dealer3)), self.api()

    @classmethod
    def _new_numbers(cls, count, prefix="PRINT", password=None, company="sales"):
        """Inactive numbers of the printed card at the platform."""
        return make_numbers(cls.env, cls.printed.product_variant_id, count, prefix, password=password, company=company)

    @classmethod
    def _active_numbers(cls, count, prefix="ACTIVE", password=None, member=None):
        """Active numbers of the printed card, held by ``member`` or else the platform."""
        cards = cls._new_numbers(count, prefix, password)
        cards._activate(cards.batch_id, dict.fromkeys(cards.ids, 900))
        if member:
            cards._bind(None, member)
        return cards

    def _guess(self, times, number, subject, source=None):
        """Wrong passwords: what a request commits on its own would be undone with it here."""
        for _time in range(times):
            try:
                self.env["crab.card"]._open_with_password(subject, number, "wrong", source)
            except UserError:
                continue

    def _upload(self, client=None):
        """The id of a picture that was sent."""
        got = (client or self.mine).post("/files", files={"file": ("a.png", picture(), "image/png")})
        self.assertEqual(got.status, 201)
        return got.json["id"]

    def _when(self, moment):
        """Inside, it is that moment (naive UTC)."""
        return freeze_time(moment)

    def _who(self, record):
        """The ``Subject`` of a member, dealer or staff member."""
        return ApiCase.subject(self, record)

    def _ok(self, got, status=200):
        self.assertEqual(got.status, status, got.json)
        return got.json

    def _refused_as(self, got, status, text="", code=None):
        """The answer is this refusal, in words that hold ``text``."""
        self.assertEqual(got.status, status, got.json)
        self.assertIn(text, got.json["detail"])
        if code:
            self.assertEqual(got.code, code)
        return got.json

    def _pages(self, client, path, limit=2, **params):
        """All items of a list, page after page."""
        items, cursor = [], None
        for _page in range(100):
            params = {**params, "limit": limit, **({"cursor": cursor} if cursor else {})}
            got = self._ok(client.get(path, params=params))
            self.assertLessEqual(len(got["items"]), limit)
            items += got["items"]
            cursor = got["next_cursor"]
            if not cursor:
                return items
        raise AssertionError("the list has no end")
