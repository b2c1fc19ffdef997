from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = "res.config.settings"

    crab_seal_directory = fields.Char("Directory of Seals", compute="_compute_crab_seal_directory")

    @api.depends_context("uid")
    def _compute_crab_seal_directory(self):
        for settings in self:
            settings.crab_seal_directory = str(self.env["crab.chain.seal"]._directory())
