from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form

from odoo.addons.crab_base.tests.common import covers

from .common import DealerCase


class TestDealerLife(DealerCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("life-admin", "admin")

    def _wizard(self, dealer, button):
        """The form that a button of the dealer opens, as head office."""
        action = getattr(dealer.with_user(self.admin), button)()
        wizard = self.env[action["res_model"]].with_user(self.admin)
        return Form(
            wizard.browse(action["res_id"]) if action.get("res_id") else wizard.with_context(**action["context"])
        )

    # ------------------------------------------------------------------ moving

    @covers("HQ-08", "change level", via="web")
    def test_the_subtree_moves_along(self):
        form = self._wizard(self.b, "action_move")
        self.assertEqual((form.level, form.parent_id, form.ratio), ("2", self.a, 0.70))
        form.parent_id = self.z
        form.reason = "Closer"
        form.save().action_apply()
        self.assertEqual((self.b.parent_id, self.b.level1_id, self.c.level1_id), (self.z, self.z, self.z))
        self.assertEqual(self.c._ancestors().mapped("code"), ["TC", "TB", "TZ"])
        self.assertEqual((self.a.network_count, self.z.network_count), (1, 3))
        self.assertIn("Closer", self.b.message_ids[0].body)

    @covers("HQ-08", "change level", via="web")
    def test_change_of_level_type_and_ratio(self):
        form = self._wizard(self.c, "action_move")
        form.level = "2"
        self.assertEqual(form.dealer_type, "distributor")
        form.parent_id = self.a
        form.ratio = 0.65
        form.reason = "Promoted"
        form.save().action_apply()
        self.assertEqual(
            (self.c.level, self.c.dealer_type, self.c.parent_id, self.c.ratio), ("2", "distributor", self.a, 0.65)
        )
        self.assertEqual(self.c.ratio_ids[0].reason, "Promoted")
        form = self._wizard(self.c, "action_move")
        form.level = "1"
        form.dealer_type = "city_partner"
        form.ratio = 0.6
        form.reason = "On its own"
        form.save().action_apply()
        self.assertEqual((self.c.level, self.c.dealer_type, self.c.level1_id), ("1", "city_partner", self.c))
        self.assertFalse(self.c.parent_id)

    @covers("HQ-08", "change level", via="web")
    def test_type_of_a_level_1(self):
        form = self._wizard(self.a, "action_move")
        form.dealer_type = "city_partner"
        form.reason = "Shop closed"
        form.save().action_apply()
        self.assertEqual((self.a.dealer_type, self.a.level), ("city_partner", "1"))

    def test_moves_that_are_refused_change_nothing(self):
        cases = {
            "ratio below the new parent's": lambda: self.d._relocate(
                self._new_dealer("TX", "1", 0.78, dealer_type="city_partner"), reason="x"
            ),
            "level 2 below level 2": lambda: self.b._relocate(self.y, reason="x"),
            "below itself": lambda: self.b._relocate(self.c, level="3", reason="x"),
            "child no longer fits": lambda: self.b._relocate(self.y, level="3", reason="x"),
            "level 1 without type": lambda: self.c._relocate(self.a.browse(), level="1", ratio=0.9, reason="x"),
            "level 1 with children of level 2": lambda: self.a._relocate(self.z, level="2", reason="x"),
            "no reason": lambda: self.d._relocate(self.b, reason=""),
        }
        before = self.dealers.read(["parent_id", "level", "dealer_type", "ratio", "level1_id"])
        for name, attempt in cases.items():
            with self.subTest(name), self.assertRaises(UserError), self.env.cr.savepoint():
                attempt()
            self.assertEqual(self.dealers.read(["parent_id", "level", "dealer_type", "ratio", "level1_id"]), before)
        self.z._close("test")
        with self.assertRaisesRegex(UserError, "closed"):
            self.b._relocate(self.z, reason="x")

    def test_a_level_1_that_sinks_loses_its_sales_rep(self):
        rep = self._new_user("life-rep", "sales_rep")
        lone = self._new_dealer("TL", "1", 0.9, dealer_type="city_partner", user_id=rep.id)
        lone._relocate(self.a, level="2", reason="x")
        self.assertFalse(lone.user_id)
        self.assertEqual(lone.level1_id, self.a)

    # ------------------------------------------------------------------ closing

    @covers("HQ-08", "close", via="web")
    def test_closing_ends_logins_and_new_documents(self):
        staff = self._new_staff(self.b)
        invitation = self.env["crab.dealer.invitation"].create({"dealer_id": self.b.id, "level": "3", "ratio": 0.9})
        generations = [account.token_generation for account in (self.b.account_id, staff.account_id, self.a.account_id)]
        form = self._wizard(self.b, "action_close")
        wizard = form.save()
        self.assertEqual(
            [(line.name, line.count) for line in wizard.line_ids],
            [("Active dealers directly below", 1), ("Open invitations", 1)],
        )
        for line, records in zip(wizard.line_ids, (self.c, invitation), strict=True):
            action = line.action_open()
            self.assertEqual((action["res_model"], action.get("res_id")), (records._name, records.id))
        with self.assertRaisesRegex(UserError, "reason"):
            wizard.action_close()
        form.reason = "Gave up the shop"
        form.save().action_close()
        self.assertEqual(self.b.state, "closed")
        now = [account.token_generation for account in (self.b.account_id, staff.account_id, self.a.account_id)]
        self.assertEqual([new - old for new, old in zip(now, generations, strict=True)], [1, 1, 0])
        self.assertEqual(invitation.status, "revoked")
        self.assertFalse(self.b._capabilities())
        self.assertFalse(self.env["crab.dealer"]._for_subject(self._subject(self.b)))
        self.assertFalse(self.env["crab.dealer"]._for_subject(self._subject(staff)))
        with self.assertRaisesRegex(UserError, "closed"):
            self._new_dealer("NEW", "3", 0.9, self.b)
        with self.assertRaisesRegex(UserError, "closed"):
            self._new_staff(self.b)
        with self.assertRaisesRegex(UserError, "closed"):
            self.env["crab.dealer.invitation"].create({"dealer_id": self.b.id, "level": "3", "ratio": 0.9})
        self.assertEqual(self.c.state, "active", "dealers below go on")
        with self.assertRaises(UserError):
            self.b._close("twice")

    @covers("HQ-08", "close", via="web")
    def test_reopening(self):
        self.b._close("test")
        form = self._wizard(self.b, "action_close")
        form.reason = "Back"
        form.save().action_reopen()
        self.assertEqual(self.b.state, "active")
        self.assertTrue(self.env["crab.dealer"]._for_subject(self._subject(self.b)))
        with self.assertRaises(UserError):
            self.b._reopen("twice")

    def test_reopening_when_the_contact_has_another_dealer(self):
        self.b._close("test")
        self.env["crab.dealer"].create(
            {"name": "Next shop", "account_id": self.b.account_id.id, "dealer_type": "city_partner", "ratio": 0.5}
        )
        with self.assertRaisesRegex(UserError, "contact"):
            self.b._reopen("x")
        self.b.write({"contact_name": "Another", "phone": self._phone()})
        self.b._reopen("x")

    # ------------------------------------------------------------------ deleting

    @covers("HQ-08", "delete only without history", via="web")
    def test_delete_only_without_history(self):
        fresh = self._new_dealer("NEW", "2", 0.9, self.a)
        partner = fresh.partner_id
        fresh.with_user(self.admin).unlink()
        self.assertFalse(fresh.exists())
        self.assertFalse(partner.active)
        self.c._set_ratio(0.82, "changed once")
        self._new_staff(self.d)
        for dealer in (self.a, self.b, self.c, self.d):
            with self.subTest(dealer=dealer.code), self.assertRaisesRegex(UserError, "Close it instead"):
                dealer.with_user(self.admin).unlink()
        with self.assertRaises(UserError):
            (self.y | self.z).with_user(self.admin).unlink()
        self.assertTrue(self.y.exists(), "all or nothing")

    def test_only_head_office_administrators_change_the_network(self):
        for role in ("finance", "card_keeper", "warehouse", "customer_service", "auditor"):
            user = self._new_user(f"life-{role}", role)
            for model, values in (
                ("crab.dealer.move", {"dealer_id": self.b.id, "parent_id": self.z.id, "reason": "x"}),
                ("crab.dealer.close", {"dealer_id": self.b.id, "reason": "x"}),
            ):
                with self.subTest(role=role, model=model), self.assertRaises(AccessError):
                    self.env[model].with_user(user).create(values)

    def test_levels_below_are_named(self):
        with self.assertRaises(ValidationError) as caught:
            self.a._relocate(self.z, level="2", reason="x")
        self.assertIn("TB", str(caught.exception))
        self.assertNotIn("TD", str(caught.exception))
