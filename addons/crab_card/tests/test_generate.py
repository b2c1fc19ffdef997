import csv
import io
import itertools
import re

import pyzipper
from hypothesis import given
from hypothesis import strategies as st

from odoo.exceptions import AccessError, UserError
from odoo.tests import BaseCase, Form, HttpCase, tagged
from odoo.tools import SQL

from ..tools import numbers
from .common import CardCase


@tagged("post_install", "-at_install")
class TestNumbers(BaseCase):
    @given(st.text(numbers.ALPHABET, min_size=2, max_size=20), st.data())
    def test_the_check_character_finds_one_wrong_and_two_swapped_characters(self, text, data):
        number = numbers.with_check(text)
        self.assertTrue(numbers.is_checked(number))
        place = data.draw(st.integers(0, len(number) - 1))
        other = data.draw(st.sampled_from(numbers.ALPHABET))
        if other != number[place]:
            self.assertFalse(numbers.is_checked(number[:place] + other + number[place + 1 :]))
        place = data.draw(st.integers(0, len(number) - 2))
        pair = number[place : place + 2]
        if pair[0] != pair[1] and set(pair) != {"0", "Z"}:  # the one swap that Luhn's formula does not see
            self.assertFalse(numbers.is_checked(number[:place] + pair[::-1] + number[place + 2 :]))

    def test_known_check_character(self):
        # worked by hand: values of Y C 2 6 from the right with factors 2 1 2 1 -> 6*2, 2, 12*2, 34 = 72 = 2*36
        self.assertEqual(numbers.check_character("YC26"), "0")
        self.assertEqual(numbers.check_character("A"), "G")  # 10*2 = 20; 36 - 20 = 16

    def test_numbers_of_e_cards_are_not_sequential(self):
        made = {numbers.random_number("E") for _turn in range(1000)}
        self.assertEqual(len(made), 1000)
        self.assertTrue(all(numbers.is_checked(number) and re.fullmatch("E[0-9A-Z]{14}", number) for number in made))
        self.assertGreater(36**numbers._RANDOM_LENGTH, 2**60)


class GenerateCase(CardCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls._new_user("generate-keeper", "card_keeper")

    def _generate(self, **values):
        form = Form(self.env["crab.card.generate"].with_user(self.keeper))
        for name, value in {
            "product_id": self.card_product,
            "prefix": "zz",
            "season": "26",
            "count": 20,
            **values,
        }.items():
            form[name] = value
        action = form.save().action_generate()
        batch = self.env["crab.card.batch"].browse(action["context"]["default_batch_id"])
        return batch, action["context"]["default_passphrase"]

    def _read(self, content, passphrase):
        with pyzipper.AESZipFile(io.BytesIO(content)) as archive:
            archive.setpassword(passphrase.encode())
            text = archive.read(archive.namelist()[0]).decode("utf-8-sig")
        return list(csv.reader(io.StringIO(text)))


class TestGenerate(GenerateCase):
    def test_numbers_passwords_stock_and_the_one_list(self):
        batch, passphrase = self._generate()
        cards = self.env["crab.card"].search([("batch_id", "=", batch.id)])
        self.assertEqual(len(cards), 20)
        self.assertTrue(
            all(re.fullmatch(r"ZZ26\d{8}[0-9A-Z]", card.number) and numbers.is_checked(card.number) for card in cards)
        )
        self.assertEqual(set(cards.event_ids.mapped("event")), {"generate"})
        self.assertEqual(self.card_product.qty_available, 20)
        table = self._read(batch.with_user(self.keeper)._take_export(), passphrase)
        self.assertEqual(table[0][:3], ["卡号", "卡密", "卡编码"])
        self.assertEqual([row[0] for row in table[1:]], cards.mapped("number"))
        for row in table[1:4]:
            self.assertEqual(self.env["crab.card"]._check_password(row[0], row[1]).number, row[0])
        self.assertEqual(len({row[1] for row in table[1:]}), 20)

    def test_the_list_exists_once(self):
        batch, _passphrase = self._generate()
        self.assertEqual(batch.product_ids, self.card_product)
        self.assertTrue(batch.has_export)
        for role in ("finance", "warehouse", "customer_service", "auditor"):
            with self.subTest(role=role), self.assertRaises(AccessError):
                batch.with_user(self._new_user(f"take-{role}", role))._take_export()
        attachments = (
            self.env["ir.attachment"]
            .with_user(self.keeper)
            .search([("res_model", "=", "crab.card.batch"), ("res_id", "=", batch.id), ("res_field", "=", "export")])
        )
        with self.assertRaises(AccessError):
            (attachments or batch._export_sudo().with_user(self.keeper)).read(["raw"])
        batch.with_user(self.keeper)._take_export()
        self.assertEqual((batch.has_export, batch.exported_by_id), (False, self.keeper))
        self.assertTrue(batch.exported_at)
        with self.assertRaisesRegex(UserError, "already taken"):
            batch.with_user(self.keeper)._take_export()

    def test_a_list_that_did_not_arrive_is_made_anew_with_other_passwords(self):
        batch, passphrase = self._generate()
        batch = batch.with_user(self.keeper)
        old = self._read(batch._take_export(), passphrase)
        passphrase = batch.action_renew_list()["context"]["default_passphrase"]
        self.assertTrue(batch.has_export)
        new = self._read(batch._take_export(), passphrase)
        self.assertEqual([row[0] for row in old], [row[0] for row in new])
        check = self.env["crab.card"]._check_password
        for (number, before, *_rest), (_number, after, *_more) in zip(old[1:], new[1:], strict=True):
            self.assertEqual(check(number, after).number, number)
            self.assertFalse(before != after and check(number, before))
        cards = self.env["crab.card"].search([("batch_id", "=", batch.id)])
        self.assertEqual(cards[3].event_ids.mapped("event"), ["generate", "renew"])
        self.assertEqual(cards[3].event_ids[1].actor_id, self.keeper.id)
        self.assertFalse(self.env["crab.card.event"]._verify_chain(cards.ids))

    def test_a_list_is_not_renewed_once_a_number_has_left_or_by_others(self):
        batch, _passphrase = self._generate()
        cards = self.env["crab.card"].search([("batch_id", "=", batch.id)])
        with self.assertRaises(AccessError):
            batch.with_user(self._new_user("renew-service", "customer_service")).action_renew_list()
        self.cr.execute("SELECT password_hash FROM crab_card WHERE batch_id = %s ORDER BY id", [batch.id])
        before = self.cr.fetchall()
        cards[5]._reserve(batch)
        with self.assertRaisesRegex(UserError, cards[5].number):
            batch.with_user(self.keeper).action_renew_list()
        self.cr.execute("SELECT password_hash FROM crab_card WHERE batch_id = %s ORDER BY id", [batch.id])
        self.assertEqual(self.cr.fetchall(), before)
        imported = self._new_cards(1).batch_id
        with self.assertRaisesRegex(UserError, "Only generated"):
            imported.with_user(self.keeper).action_renew_list()

    def test_serials_go_on_and_never_repeat(self):
        batches = [self._generate()[0], self._generate()[0], self._generate(prefix="YY")[0]]
        made = [self.env["crab.card"].search([("batch_id", "=", batch.id)]).mapped("number") for batch in batches]
        self.assertEqual([line[0][:12] for line in made], ["ZZ2600000001", "ZZ2600000021", "YY2600000001"])
        self.assertEqual(len(set(itertools.chain(*made))), 60)

    def test_the_issuer_is_chosen_and_needs_access(self):
        wizard = {"product_id": self.card_product.id, "count": 2, "issuer": "sales", "prefix": "SALE"}
        keeper = self._new_user("sales-keeper", "card_keeper", companies=self.sales)
        self.env["crab.card.generate"].with_user(keeper).create(wizard).action_generate()
        cards = self.env["crab.card"].search([("number", "=like", "SALE%")])
        self.assertEqual((len(cards), cards.company_id), (2, self.sales))
        content = f"卡号,卡密,卡编码\nSALEX0001,1234,{self.card_product.default_code}\n".encode()
        imports = self.env["crab.import"].with_user(keeper)
        self.assertEqual(imports._run_file("card_sales", "sales.csv", content).state, "done")
        self.assertEqual(self.env["crab.card"].search([("number", "=", "SALEX0001")]).company_id, self.sales)
        group_only = self._new_user("group-keeper", "card_keeper", companies=self.group)
        with self.assertRaises(AccessError):
            self.env["crab.card.generate"].with_user(group_only).create({**wizard, "prefix": "NO"}).action_generate()

    def test_numbers_that_are_known_already_are_refused_by_name(self):
        taken = numbers.serial_number("ZZ26", 3, 8)
        self._new_cards(1, prefix="ZZ26X")  # another number of the prefix is no obstacle
        self.env["crab.card"]._insert_numbers("import", *self._one(taken))
        with self.assertRaisesRegex(UserError, taken):
            self._generate()

    def _one(self, number):
        card = self.env["crab.card"].search([], limit=1)
        return SQL("(SELECT 1) s"), {
            "number": SQL("%s::varchar", number), "product_id": self.card_product.id, "kind": "physical",
            "company_id": self.group.id, "batch_id": card.batch_id.id,
        }  # fmt: skip

    def test_values_that_make_no_sense_are_refused(self):
        for values in (
            {"count": 0},
            {"count": -5},
            {"count": 10**7},
            {"prefix": "Z-"},
            {"prefix": "券"},
            {"prefix": "Z" * 30},
            {"width": 2},
            {"width": 40},
            {"password_length": 3},
            {"password_length": 99},
            {"valid_until": "2001-01-01"},
        ):
            with self.subTest(values), self.assertRaises(UserError):
                self._generate(**values)
        with self.assertRaises(UserError):
            self._generate(width=4, count=10_000)

    def test_nobody_else_generates(self):
        for role in ("finance", "warehouse", "customer_service", "sales_rep", "auditor"):
            user = self._new_user(f"generate-{role}", role)
            with self.subTest(role=role), self.assertRaises(AccessError):
                self.env["crab.card.generate"].with_user(user).create({"product_id": self.card_product.id})

    def test_validity_is_given_to_the_numbers(self):
        batch, _passphrase = self._generate(valid_until="2030-12-31")
        self.assertEqual(str(self.env["crab.card"].search([("batch_id", "=", batch.id)])[0].valid_until), "2030-12-31")


class TestExportDownload(GenerateCase, HttpCase):
    def test_the_list_is_downloaded_once(self):
        batch, passphrase = self._generate()
        self.env.flush_all()
        self.assertEqual(self.url_open(f"/crab_card/export/{batch.id}", allow_redirects=False).status_code // 100, 3)
        self.authenticate("generate-keeper", "generate-keeper-Password1")
        for foreign in ("", "?csrf_token=", "?csrf_token=0123456789abcdefo9999999999"):
            self.assertEqual(self.url_open(f"/crab_card/export/{batch.id}{foreign}").status_code, 400, foreign)
        link = self.make_jsonrpc_request(
            "/web/dataset/call_button/crab.card.batch/action_take_export",
            {"model": "crab.card.batch", "method": "action_take_export", "args": [batch.ids], "kwargs": {}},
        )["url"]
        first = self.url_open(link)
        self.assertEqual((first.status_code, first.headers["Content-Type"]), (200, "application/zip"))
        self.assertEqual(len(self._read(first.content, passphrase)), 21)
        second = self.url_open(link)
        self.assertNotEqual(second.status_code, 200)
        self.assertEqual(self.url_open(link.replace(str(batch.id), "999999999", 1)).status_code, 404)
