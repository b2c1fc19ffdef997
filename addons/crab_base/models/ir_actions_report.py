from odoo import models
from odoo.service import server as service
from odoo.tools import config


class IrActionsReport(models.Model):
    """PDFs get their styles from the server that makes them: it may not reach the address people use."""

    _inherit = "ir.actions.report"

    def _get_report_url(self, layout=None):
        """As in core: the parameter ``report.url`` comes first; then, instead of ``web.base.url``, this very server."""
        parameters_sudo = self.env["ir.config_parameter"].sudo()  # the address is no secret
        if not service.server or not config["http_enable"] or parameters_sudo.get_param("report.url"):
            return super()._get_report_url(layout=layout)
        interface = config["http_interface"]
        host = "127.0.0.1" if interface in (None, False, "", "0.0.0.0", "::") else interface
        return f"http://{host}:{config['http_port']}"
