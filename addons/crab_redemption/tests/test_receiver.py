from datetime import timedelta

from odoo.exceptions import AccessError, UserError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date

from ..tools.phone import PhoneError, clean_phone
from .common import RedemptionCase


class TestReceiver(RedemptionCase):
    """Names, phones and addresses: as people write them, as they are kept, and who sees them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.agent = cls._new_user("receiver-agent", "customer_service")
        Region = cls.env["crab.region"]
        cls.province, cls.city, cls.district = (
            Region.search([("code", "=", c)]) for c in ("320000", "320500", "320583")
        )
        cls.other_city = Region.search([("code", "=", "330100")])

    def test_phone_numbers_are_reduced_to_what_is_dialled(self):
        for typed, kept in (
            ("138 0000 0000", "13800000000"),
            ("+86 138-0000-0000", "13800000000"),
            ("8613800000000", "13800000000"),
            ("021-5888 8888", "02158888888"),
            ("(0512) 57888888", "051257888888"),
            ("18000000000转1234", "18000000000转1234"),
            ("+852 2123 4567", "+85221234567"),
        ):
            self.assertEqual(clean_phone(typed), kept)
        for typed in ("abc", "12", "138000000000000000000000000", "13800000000;DROP", "转1"):
            with self.subTest(typed), self.assertRaises(PhoneError):
                clean_phone(typed)

    def test_what_cannot_be_read_is_refused_with_the_field_named(self):
        for field, value, message in (
            ("receiver_name", "x" * 65, "Receiver"),
            ("receiver_name", "a\0b", "Receiver"),
            ("receiver_phone", "call me", "Phone: is not a phone number"),
            ("street", "y" * 257, "Address"),
        ):
            with self.subTest(field), self.assertRaisesRegex(UserError, message), self.cr.savepoint():
                self._redeem(address={**self.address, field: value})
        self.assertEqual(self.cards[0].state, "active")

    def test_regions_fit_together_and_are_completed(self):
        wrong = {"province_id": self.province.id, "city_id": self.other_city.id}
        for regions in (wrong, {"district_id": 2**31 - 1}, {"city_id": self.district.id, "district_id": self.city.id}):
            with self.subTest(regions), self.assertRaisesRegex(UserError, "fit together"), self.cr.savepoint():
                self._redeem(address={**self.address, **regions})
        delivery = self._redeem(address={**self.address, "district_id": self.district.id}).delivery_id
        self.assertEqual((delivery.province_id, delivery.city_id), (self.province, self.city))
        self.assertEqual(delivery.receiver_address, "江苏省苏州市昆山市示例路 1 号")

    @covers("HQ-44", "person, address, phone", via="web")
    def test_customer_service_corrects_an_address(self):
        delivery = self._redeem(address={**self.address, "district_id": self.district.id}).delivery_id
        with Form(delivery.with_user(self.agent)) as form:
            form.receiver_phone = "139 1111 1111"
            form.province_id = self.other_city.parent_id
            self.assertFalse(form.city_id)
            form.city_id = self.other_city
        self.assertEqual((delivery.receiver_phone, delivery.district_id.id), ("13911111111", False))
        delivery.with_user(self.agent).write({"street": "新路 1 号"})
        self.assertEqual(delivery.city_id, self.other_city, "the region stays when the street changes")
        for values in (
            {"receiver_name": " "},
            {"province_id": self.province.id},
            {"wish_date": business_date() - timedelta(days=1)},
        ):
            with self.subTest(values), self.assertRaises(UserError), self.cr.savepoint():
                delivery.with_user(self.agent).write(values)

    @covers("HQ-43", "search", via="web")
    def test_deliveries_and_redemptions_are_found_by_what_a_caller_knows(self):
        redemption = self._redeem(wish_date=business_date())
        for model, domain in (
            ("crab.delivery", [("receiver_phone", "=like", "1380000%")]),
            ("crab.delivery", [("receiver_name", "ilike", "收货")]),
            ("crab.delivery", [("redemption_ids.card_id.number", "=like", self.cards[0].number + "%")]),
            ("crab.delivery", [("wish_date", "=", business_date()), ("state", "in", ("waiting", "prepared"))]),
            ("crab.redemption", [("delivery_id.receiver_phone", "=like", "1380000%")]),
            ("crab.redemption", [("product_ids", "ilike", "TESTPKG1")]),
        ):
            with self.subTest(domain):
                found = self.env[model].with_user(self.agent).web_search_read(domain, {"name": {}})["records"]
                expected = redemption if model == "crab.redemption" else redemption.delivery_id
                self.assertEqual([row["id"] for row in found], expected.ids)

    def test_who_does_not_deal_with_parcels_sees_no_receiver(self):
        redemption = self._redeem()
        for role in ("customer_service", "warehouse", "card_keeper", "auditor", "admin"):
            user = self._new_user(f"sees-{role}", role)
            self.assertTrue(redemption.with_user(user).receiver_phone)
        rep = self._new_user("sees-rep", "sales_rep")
        self.dealer.user_id = rep
        for role, user in (("sales_rep", rep), ("finance", self._new_user("sees-finance", "finance"))):
            for record in (redemption, redemption.delivery_id):
                for field in ("receiver_name", "receiver_phone", "receiver_address"):
                    with self.subTest(role, field=field), self.assertRaises(AccessError):
                        record.with_user(user).read([field])
            with self.subTest(role), self.assertRaises(AccessError):
                self.env["crab.delivery"].with_user(user).search([("receiver_phone", "=like", "138%")])
            self.assertTrue(redemption.with_user(user).name)
