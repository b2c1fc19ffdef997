import re

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL

from ..tools import normalise, numbers

MOST = 200_000


class CrabCardGenerate(models.TransientModel):
    """Make numbers with passwords for printing; the list exists once, encrypted."""

    _name = "crab.card.generate"
    _description = "Generate card numbers"

    product_id = fields.Many2one(
        "product.product", string="Card", required=True, domain=[("crab_kind", "=", "physical_card")]
    )
    issuer = fields.Selection(
        [("group", "The Group: for dealers"), ("sales", "The Sales company: for members who buy from the platform")],
        required=True,
        default="group",
        help="The company that owes the goods for these numbers. It never changes.",
    )
    prefix = fields.Char(required=True, default="YC", help="Capital letters and digits, in front of the season.")
    season = fields.Char(required=True, default=lambda self: f"{fields.Date.context_today(self):%y}")
    width = fields.Integer("Digits of the serial", required=True, default=8)
    count = fields.Integer("Numbers", required=True, default=1000)
    password_length = fields.Integer("Digits of the password", required=True, default=8)
    valid_until = fields.Date(help="Last day of redemption; empty: no end.")
    passphrase = fields.Char(
        store=False,
        readonly=True,
        help="Opens the list. Shown this once and kept nowhere; tell it to the printer by another way than the list.",
    )
    batch_id = fields.Many2one("crab.card.batch", "Batch", store=False, readonly=True)
    example = fields.Char("First possible number", compute="_compute_example")

    @api.depends("prefix", "season", "width")
    def _compute_example(self):
        for wizard in self:
            prefix = wizard._full_prefix()
            is_possible = prefix.isalnum() and prefix.isascii() and 0 < wizard.width <= 9
            wizard.example = numbers.serial_number(prefix, 1, wizard.width) if is_possible else False

    def _full_prefix(self):
        return normalise.number(self.prefix) + normalise.number(self.season)

    def _check_input(self):
        prefix = self._full_prefix()
        if not re.fullmatch("[A-Z0-9]{1,20}", prefix):
            raise UserError(self.env._("Prefix and season are 1 to 20 capital letters and digits together."))
        if not 4 <= self.width <= 9 or len(prefix) + self.width < 5:
            raise UserError(self.env._("The serial has 4 to 9 digits."))
        if not 1 <= self.count <= MOST:
            raise UserError(self.env._("Generate 1 to %(most)s numbers at once.", most=MOST))
        if not 6 <= self.password_length <= 16:
            raise UserError(self.env._("The password has 6 to 16 digits."))
        if self.valid_until and self.valid_until < fields.Date.context_today(self):
            raise UserError(self.env._("The validity lies in the past."))
        if self.product_id.crab_kind != "physical_card":
            raise UserError(self.env._("Numbers are generated for physical cards."))

    def action_generate(self):
        """Make the numbers; show the passphrase of the list, once.

        :raise UserError: when a value does not fit; nothing is made then
        """
        self.ensure_one()
        self._check_input()
        batch, passphrase = self._generate()
        return batch._action_passphrase(passphrase)

    def _generate(self):
        keys = self.env["crab.card.key"]
        ring = keys._ring()
        prefix = self._full_prefix()
        first = (
            self.env["crab.card.serial"].sudo()._allot(prefix, self.count)
        )  # serials are allotted by the system only
        if first + self.count > 10**self.width:
            raise UserError(
                self.env._("The prefix %(prefix)s has no %(count)s free serials left. Choose another prefix or season.",
                           prefix=prefix, count=self.count)
            )  # fmt: skip
        pairs = [
            (numbers.serial_number(prefix, serial, self.width), numbers.random_password(self.password_length))
            for serial in range(first, first + self.count)
        ]
        batch_sudo = self.env["crab.card.batch"]._open(
            {
                "name": f"{pairs[0][0]}-{pairs[-1][0]}",
                "source": "generation",
                "product_ids": self.product_id.ids,
                "count": self.count,
                "valid_until": self.valid_until,
                "password_length": self.password_length,
            },
            self.issuer,
        )
        self._refuse_known([number for number, _password in pairs])
        self.env["crab.card"]._insert_numbers(
            "generate",
            SQL(
                "unnest(%s::varchar[], %s::bytea[]) AS s(number, password_hash)",
                [number for number, _password in pairs],
                [ring.hash(ring.current, number, password) for number, password in pairs],
            ),
            {
                "number": SQL("s.number"),
                "product_id": self.product_id.id,
                "kind": "physical",
                "company_id": batch_sudo.company_id.id,
                "batch_id": batch_sudo.id,
                "valid_until": self.valid_until or None,
                "password_hash": SQL("s.password_hash"),
                "key_id": keys._current(ring).id,
            },
            document=batch_sudo,
        )
        batch_sudo._receive_stock()
        return batch_sudo.with_env(self.env), batch_sudo._keep_export(pairs)

    def _refuse_known(self, wanted):
        known_sudo = self.env["crab.card"].sudo().search([("number", "in", wanted)], limit=20)  # of either company
        if known_sudo:
            raise UserError(
                self.env._("These numbers are in the register already: %(numbers)s. Choose another prefix or season.",
                           numbers=known_sudo._enumerate(known_sudo.mapped("number")))
            )  # fmt: skip
