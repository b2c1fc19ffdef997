from odoo.exceptions import UserError

from odoo.addons.crab_base.tests.common import CrabCase


class TestAccountMerge(CrabCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.by_wechat, cls.by_phone = cls.env["crab.account"].create(
            [{"name": "WeChat visitor", "union_id": "u-1"}, {"name": "Known person", "phone": "13700009001"}]
        )
        cls.env["crab.account.openid"].create({"account_id": cls.by_wechat.id, "app": "wx1", "openid": "o-1"})

    def test_logins_move_and_the_source_is_closed(self):
        partner = self.by_wechat.partner_id
        generation = self.by_phone.token_generation
        self.by_wechat._set_password("password1")
        self.by_wechat._merge_into(self.by_phone)
        self.assertEqual((self.by_wechat.state, self.by_wechat.merged_into_id), ("closed", self.by_phone))
        self.assertEqual(self.by_wechat.partner_id, partner, "documents keep their partner")
        self.assertEqual(self.by_phone.union_id, "u-1")
        self.assertEqual(self.by_phone.openid_ids.openid, "o-1")
        self.assertEqual(self.by_phone.phone, "+8613700009001")
        self.assertEqual(self.by_phone.token_generation, generation + 1)
        self.assertEqual(self.env["crab.account"]._authenticate("13700009001", "password1"), self.by_phone)

    def test_phone_moves_to_a_target_without_one(self):
        self.by_phone._merge_into(self.by_wechat)
        self.assertEqual(self.by_wechat.phone, "+8613700009001")
        self.assertEqual(self.by_wechat.partner_id.phone, "+8613700009001")

    def test_refusals_change_nothing(self):
        with self.assertRaises(UserError):
            self.by_phone._merge_into(self.by_phone)
        self.by_phone.union_id = "u-2"
        with self.assertRaisesRegex(UserError, "two different people"):
            self.by_wechat._merge_into(self.by_phone)
        self.assertEqual(self.by_wechat.state, "live")
        self.by_phone.action_close()
        with self.assertRaisesRegex(UserError, "closed"):
            self.by_wechat._merge_into(self.by_phone)

    def test_a_merged_account_stays_closed(self):
        self.by_wechat._merge_into(self.by_phone)
        with self.assertRaisesRegex(UserError, "stays closed"):
            self.by_wechat.action_reopen()
        with self.assertRaises(UserError):
            self.by_wechat._merge_into(self.by_phone)
