from odoo import api, models


class CrabDealerRatio(models.Model):
    _inherit = "crab.dealer.ratio"

    @api.model
    def _author_name(self, subject):
        if subject.kind == "member":
            return (
                self.env["crab.member"].sudo().browse(subject.id).display_name
            )  # sudo: the author's name belongs to the history
        return super()._author_name(subject)
