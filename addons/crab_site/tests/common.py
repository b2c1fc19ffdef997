import base64
import io

from PIL import Image

from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_catalog.tests.common import CatalogCase
from odoo.addons.crab_member.tests.common import MemberCase

SCRIPT = b"<script>alert(1)</script>"


def picture(size=(600, 300), kind="JPEG", **options):
    """A picture file as bytes."""
    output = io.BytesIO()
    Image.new("RGB", size, "orange").save(output, kind, **options)
    return output.getvalue()


def as_field(content):
    return base64.b64encode(content).decode()


class SiteCase(MemberCase, CatalogCase):
    """A member, dealers and staff, two packages, and a user of each role that has to do with the site."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.admin = cls._new_user("site_admin", "admin")
        cls.service = cls._new_user("site_service", "customer_service")
        cls.auditor = cls._new_user("site_auditor", "auditor")
        cls.member = cls._new_member("Writer")
        cls.other = cls._new_member("Other")
        cls.subject = cls._subject(cls.member)
        cls.strangers = (
            Subject("user", cls.admin.id),
            Subject("system", 1),
            Subject("member", 0),
            Subject("dealer", 0),
        )
