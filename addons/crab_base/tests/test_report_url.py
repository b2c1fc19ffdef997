from types import SimpleNamespace
from unittest.mock import patch

from odoo.service import server as service

from .common import CrabCase


class TestReportUrl(CrabCase):
    """Where the program that makes PDFs fetches their styles."""

    def _url(self, interface="0.0.0.0", server=True, **options):
        options = {"http_interface": interface, "http_port": 8123, "http_enable": True, **options}
        with (
            patch.object(service, "server", SimpleNamespace() if server else None),
            patch("odoo.addons.crab_base.models.ir_actions_report.config", options),
        ):
            return self.env["ir.actions.report"]._get_report_url()

    def test_the_server_itself_whatever_people_call_it(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://crab.example.com")
        self.assertEqual(self._url(), "http://127.0.0.1:8123")
        self.assertEqual(self._url("::"), "http://127.0.0.1:8123")
        self.assertEqual(self._url("10.0.0.7"), "http://10.0.0.7:8123")

    def test_the_parameter_comes_first(self):
        self.env["ir.config_parameter"].set_param("report.url", "http://reports.example.com")
        self.assertEqual(self._url(), "http://reports.example.com")

    def test_the_usual_address_where_nothing_listens(self):
        self.env["ir.config_parameter"].set_param("web.base.url", "https://crab.example.com")
        self.assertEqual(self._url(http_enable=False), "https://crab.example.com")
        self.assertEqual(self._url(server=False), "https://crab.example.com")
