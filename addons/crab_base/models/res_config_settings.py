from odoo import api, fields, models


class ResConfigSettings(models.TransientModel):
    """The settings page, which head-office administrators use without being administrators of the system."""

    _inherit = "res.config.settings"

    crab_seal_directory = fields.Char("Directory of Seals", compute="_compute_crab_seal_directory")

    crab_import_max_mb = fields.Integer("Largest File (MB)", config_parameter="crab_base.import_max_mb", default=100)
    crab_import_max_rows = fields.Integer(
        "Most Rows of a File", config_parameter="crab_base.import_max_rows", default=2_000_000
    )
    crab_import_job_rows = fields.Integer(
        "Rows Imported at Once", config_parameter="crab_base.import_job_rows", default=2_000
    )

    @api.depends_context("uid")
    def _compute_crab_seal_directory(self):
        for settings in self:
            settings.crab_seal_directory = str(self.env["crab.chain.seal"]._directory())

    def _compute_display_name(self):
        # core reads an action for the page's name
        return super(ResConfigSettings, self.sudo())._compute_display_name()

    def cancel(self):
        return super(ResConfigSettings, self.sudo()).cancel()  # core reads an action to open the page again
