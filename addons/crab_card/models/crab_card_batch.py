import csv
import io
import secrets

import pyzipper

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.http import request

from odoo.addons.crab_base.tools.locks import lock_rows

from ..tools import numbers

PASSPHRASE_BYTES = 18


class CrabCardBatch(models.Model):
    """Numbers that came into the register together."""

    _name = "crab.card.batch"
    _description = "Batch of card numbers"
    _order = "id desc"

    name = fields.Char(required=True, readonly=True)
    source = fields.Selection(
        [("import", "Import"), ("generation", "Generation"), ("sale", "Online sale")], required=True, readonly=True
    )
    company_id = fields.Many2one("res.company", string="Issuer", required=True, readonly=True, ondelete="restrict")
    product_ids = fields.Many2many("product.product", string="Cards", readonly=True)
    count = fields.Integer("Numbers", readonly=True)
    valid_until = fields.Date("Valid until", readonly=True, help="Given to the numbers when they were made.")
    import_id = fields.Many2one(
        "crab.import", string="Import", readonly=True, ondelete="restrict", index="btree_not_null"
    )
    password_length = fields.Integer("Digits of the passwords", readonly=True, help="Of generated numbers.")
    has_export = fields.Boolean("List for the printer waits", readonly=True)
    exported_at = fields.Datetime("List taken at", readonly=True)
    exported_by_id = fields.Many2one("res.users", string="List taken by", readonly=True, ondelete="restrict")

    @api.model
    def _open(self, values, issuer):
        """A batch of new numbers, in sudo: batches are made by imports and generation only.

        :param issuer: ``group`` or ``sales``, who will owe the goods: numbers for dealers are the Group's, those sold
            to members by the platform are the Sales company's
        :raise AccessError: for users without access to the issuer
        """
        company = self.env["res.company"]._crab_company(issuer)
        if not self.env.su and company not in self.env.user.company_ids:
            raise AccessError(
                self.env._("Card numbers are made for %(company)s, to which you have no access.", company=company.name)
            )
        return self.sudo().create({**values, "company_id": company.id})

    def _quantities(self):
        """``{product.product: how many numbers of it}`` of these batches."""
        return dict(self.env["crab.card"]._read_group([("batch_id", "in", self.ids)], ["product_id"], ["__count"]))

    def _receive_stock(self):
        """Receive the cards of these batches in the Group's main warehouse: one stock move per card product."""
        self.env["product.product"].sudo()._crab_adjust_stock(  # card keepers have no rights in stock
            self.sudo()._quantities(),
            reason=self.env._("Card numbers received: %(batches)s", batches=", ".join(self.mapped("name"))),
            relative=True,
        )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_empty(self):
        if any(batch.count for batch in self):
            raise UserError(self.env._("A batch with numbers is kept."))

    def action_open_cards(self):
        """The numbers of this batch."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("crab_card.crab_card_action"),
            "domain": [("batch_id", "=", self.id)],
        }

    # === The list for the printer === #

    def _keep_export(self, pairs):
        """Keep the list of these numbers and passwords, encrypted, until it is taken; an earlier one goes.

        :param pairs: ``[(number, password)]``
        :return: the passphrase that opens it, which is kept nowhere
        """
        self.ensure_one()
        passphrase = secrets.token_urlsafe(PASSPHRASE_BYTES)
        self._export_sudo().unlink()
        self.env["ir.attachment"].sudo().create(  # readable for nobody but ``_take_export``
            {
                "name": "crab_card_export",
                "res_model": self._name,
                "res_id": self.id,
                "res_field": "export",
                "raw": self._encrypt(pairs, passphrase),
            }
        )
        self.sudo().has_export = True
        return passphrase

    def _encrypt(self, pairs, passphrase):
        """A ZIP file with AES-256 that 7-Zip, WinZip and the like open with the passphrase."""
        product = self.env["crab.card"].sudo().search([("batch_id", "=", self.id)], limit=1).product_id  # one per batch
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["卡号", "卡密", "卡编码", "名称", "有效期至"])
        writer.writerows([*pair, product.default_code, product.name, self.valid_until or ""] for pair in pairs)
        output = io.BytesIO()
        with pyzipper.AESZipFile(output, "w", compression=pyzipper.ZIP_DEFLATED, encryption=pyzipper.WZ_AES) as archive:
            archive.setpassword(passphrase.encode())
            archive.writestr(f"{self.name}.csv", text.getvalue().encode("utf-8-sig"))
        return output.getvalue()

    def _check_keeper(self):
        """:raise AccessError: for users who are no card keepers, or of another company"""
        if not self.env.user.has_group("crab_base.group_card_keeper"):
            raise AccessError(self.env._("Only card keepers take the list for the printer."))
        self.check_access("read")

    def _take_export(self):
        """The encrypted list, once: it is destroyed in the same transaction, and who took it is recorded.

        :raise UserError: when it was taken already
        :raise AccessError: for users who are no card keepers
        """
        self.ensure_one()
        self._check_keeper()
        lock_rows(self)
        attachments_sudo = self._export_sudo()
        if not attachments_sudo:
            raise UserError(
                self.env._("The list was already taken. It exists only once; make a new one if it did not arrive.")
            )
        content = attachments_sudo.raw
        attachments_sudo.unlink()
        self.sudo().write({"has_export": False, "exported_at": fields.Datetime.now(), "exported_by_id": self.env.uid})
        return content

    def _export_sudo(self):
        attachments_sudo = self.env["ir.attachment"].sudo()  # bound to no field: nobody reads it by its parent's rights
        return attachments_sudo.search(
            [("res_model", "=", self._name), ("res_id", "=", self.id), ("res_field", "=", "export")], limit=1
        )

    def action_take_export(self):
        """Download the list for the printer, once."""
        self.ensure_one()
        token = request.csrf_token() if request else ""
        return {
            "type": "ir.actions.act_url",
            "url": f"/crab_card/export/{self.id}?csrf_token={token}",
            "target": "self",
        }

    def action_renew_list(self):
        """New passwords and a new list, when the list or its passphrase did not arrive; the earlier list is worthless.

        :raise UserError: unless all numbers of this generation are inactive, free and at the platform
        """
        self.ensure_one()
        self._check_keeper()
        lock_rows(self)
        if self.source != "generation":
            raise UserError(self.env._("Only generated numbers have a list for the printer."))
        keys = self.env["crab.card.key"]
        ring = keys._ring()
        cards_sudo = self.env["crab.card"].sudo().search([("batch_id", "=", self.id)], order="number")  # as the batch
        pairs = [(card.number, numbers.random_password(self.password_length)) for card in cards_sudo]
        hashes = {card.id: ring.hash(ring.current, *pair) for card, pair in zip(cards_sudo, pairs, strict=True)}
        cards_sudo._renew_passwords(self, hashes, keys._current(ring))
        return self._action_passphrase(self._keep_export(pairs))

    def _action_passphrase(self, passphrase):
        """The dialogue that shows the passphrase of the list, this once."""
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Passphrase of the list"),
            "res_model": "crab.card.generate",
            "views": [(self.env.ref("crab_card.crab_card_generate_view_form_done").id, "form")],
            "target": "new",
            "context": {"default_passphrase": passphrase, "default_batch_id": self.id},
        }
