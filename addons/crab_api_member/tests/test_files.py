import base64
import io

from PIL import Image

from odoo.tests import HttpCase, tagged

from odoo.addons.crab_site.tests.common import as_field
from odoo.addons.crab_site.tests.common import picture as wide_picture

from ..tools import links
from .common import KEY, MemberApiCase


@tagged("post_install", "-at_install")
class TestFiles(MemberApiCase, HttpCase):
    """Pictures by their addresses: public ones of products, signed ones of everything else."""

    def test_pictures_of_products_are_public_and_change_their_address(self):
        self.thousand.image_1920 = as_field(wide_picture())
        got = self._ok(self.nobody.get(f"/catalog/products/{self.thousand.public_id}"))
        for address in (got["picture"], got["picture_large"]):
            answer = self.url_open(address)
            self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, "image/jpeg"))
        self.thousand.image_1920 = as_field(wide_picture((900, 300)))
        later = self._ok(self.nobody.get(f"/catalog/products/{self.thousand.public_id}"))
        self.assertNotEqual(later["picture"], got["picture"])
        plain = self.env["product.template"].create({"name": "Not ours", "image_1920": as_field(wide_picture())})
        for missing in (plain.public_id, self.package1.public_id, "none", str(self.thousand.id)):
            self.assertEqual(self.url_open(f"/crab/product/{missing}").status_code, 404)

    def test_photos_are_sent_as_small_as_a_phone_needs(self):
        photo = io.BytesIO()
        Image.effect_noise((600, 600), 40).convert("RGB").save(photo, "JPEG", quality=95)
        self.thousand.image_1920 = as_field(photo.getvalue())
        got = self._ok(self.nobody.get(f"/catalog/products/{self.thousand.public_id}"))
        kept = len(base64.b64decode(self.thousand.image_512))
        self.assertLess(len(self.url_open(got["picture"]).content), 0.7 * kept)

    def test_other_pictures_open_by_the_address_that_was_given_out_only(self):
        self._ok(self.mine.post("/feedback", json={"text": "Look", "pictures": [self._upload()]}, key=KEY), 201)
        [feedback] = self._pages(self.mine, "/feedback")
        [address] = feedback["pictures"]
        answer = self.url_open(address)
        self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, "image/jpeg"))
        head, signature = address.rsplit("/", 1)
        for wrong in (
            f"{head}/{'0' * len(signature)}",
            address.replace(f"/{feedback['id']}/0/", f"/{feedback['id']}/1/"),
            address.replace("/feedback/", "/aftersale/"),
            links.signed(self.env, "feedback", feedback["id"], 1),
            links.signed(self.env, "review", feedback["id"]),
            links.signed(self.env, "avatar", self.friend.public_id),
            links.signed(self.env, "fapiao", "none"),
            links.signed(self.env, "other", feedback["id"]),
        ):
            self.assertEqual(self.url_open(wrong).status_code, 404, wrong)

    def test_avatar_and_fapiao(self):
        me = self._ok(self.mine.patch("/member/me", json={"avatar": self._upload()}))
        self.assertEqual(self.url_open(me["avatar"]).headers["Content-Type"][:6], "image/")
        order = self._received()
        fapiao = self.env["crab.fapiao"]._ask(order, {"kind": "personal", "title": "Buyer"})
        fapiao.write({"number": "F-77", "file": as_field(b"%PDF-1.4"), "file_name": "f.pdf"})
        fapiao.action_issue()
        [shown] = self._ok(self.mine.get(f"/orders/{order.public_id}"))["fapiao"]
        answer = self.url_open(shown["file"])
        self.assertEqual((answer.status_code, answer.content), (200, b"%PDF-1.4"))
        self.assertIn("attachment", answer.headers["Content-Disposition"])
