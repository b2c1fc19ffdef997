from odoo import api, models

from odoo.addons.crab_account.tools.phone import normalise

PURPOSE = "card"


class CrabCardGuess(models.Model):
    """Codes by SMS for locked numbers.

    An addon of its own, installed wherever both are: the register of numbers needs no SMS, SMS know no cards, and
    whatever answers people from outside may need both without notices.
    """

    _inherit = "crab.card.guess"

    @api.model
    def _has_codes(self):
        return self.env["crab.sms.template"]._for("code").account_id._is_ready() or super()._has_codes()

    @api.model
    def _prove(self, phone, code, source):
        self.env["crab.sms.code"]._check(phone, PURPOSE, code, source)
        return normalise(phone)
