import io
import struct
import zlib

from PIL import Image

from odoo.exceptions import MissingError

from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_member.tests.common import MemberCase

from ..models import crab_upload
from .common import ApiCase


def picture(kind="PNG", size=(30, 20)):
    output = io.BytesIO()
    Image.new("RGB", size, (200, 90, 20)).save(output, kind)
    return output.getvalue()


class TestFiles(ApiCase, MemberCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.member, cls.other = cls._new_member(), cls._new_member()

    def send(self, content, api=None):
        api = api or self.api(self.subject(self.member))
        return api.post("/files", files={"file": ("a.png", content, "image/png")})

    def test_upload(self):
        got = self.send(picture())
        self.assertEqual(got.status, 201)
        uploads = self.env["crab.upload"]
        mine = Subject("member", self.member.id)
        self.assertEqual(uploads._contents(mine, [got.json["id"]])[0][:4], b"\xff\xd8\xff\xe0")
        with self.assertRaises(MissingError):
            uploads._contents(Subject("member", self.other.id), [got.json["id"]])
        self.assertEqual(got.json["url"], f"/crab/upload/{got.json['id']}")

    def test_refused(self):
        svg = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'
        for content in (b"", b"GIF89a", svg, b"<html>", picture()[:40], b"\0" * 5_000_001):
            self.assertEqual(self.send(content).status, 422)
        self.assertEqual(self.send(picture(), self.api()).status, 401)
        self.assertFalse(self.env["crab.upload"].search([]))

    def test_bombs(self):
        """Small files that would be huge pictures."""
        output = io.BytesIO()
        Image.new("1", (7000, 7000)).save(output, "PNG")
        self.assertLess(len(output.getvalue()), 100_000)
        header = struct.pack(">IIBBBBB", 200_000, 200_000, 8, 2, 0, 0, 0)
        parts = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(1000))), (b"IEND", b""))
        claimed = b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in parts
        )
        for content in (output.getvalue(), claimed):
            got = self.send(content)
            self.assertEqual(got.status, 422)
            self.assertIn("million pixels", got.json["detail"])
        self.assertFalse(self.env["crab.upload"].search([]))

    def test_so_many_a_day(self):
        crab_upload_most, crab_upload.MOST_A_DAY = crab_upload.MOST_A_DAY, 2
        self.addCleanup(setattr, crab_upload, "MOST_A_DAY", crab_upload_most)
        self.assertEqual([self.send(picture()).status for _time in range(3)], [201, 201, 429])
