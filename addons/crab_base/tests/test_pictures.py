import io
import struct
import zlib

from PIL import Image

from odoo.exceptions import UserError
from odoo.tests.common import TransactionCase

from ..tools import pictures


def picture(size=(40, 30), kind="JPEG", mode="RGB", **options):
    output = io.BytesIO()
    Image.new(mode, size, "orange").save(output, kind, **options)
    return output.getvalue()


def bomb(width, height):
    """A PNG of a few bytes that claims to be ``width`` × ``height``."""

    def chunk(name, body):
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0")) + chunk(b"IEND", b"")


class TestPictures(TransactionCase):
    def clean(self, content):
        raw, mimetype = pictures.clean(self.env, content)
        return Image.open(io.BytesIO(raw)), raw, mimetype

    def test_pictures_of_phones_are_kept(self):
        for kind in ("JPEG", "PNG", "WEBP", "GIF"):
            with self.subTest(kind=kind):
                image, _raw, mimetype = self.clean(picture(kind=kind))
                self.assertEqual((image.size, mimetype), ((40, 30), "image/jpeg"))

    def test_what_is_transparent_stays_so(self):
        image, _raw, mimetype = self.clean(picture(kind="PNG", mode="RGBA"))
        self.assertEqual((image.mode, mimetype), ("RGBA", "image/png"))

    def test_large_ones_are_made_smaller_and_turned(self):
        exif = Image.Exif()
        exif[0x0112] = 6  # held upright
        exif[0x010F] = "the maker of the camera"
        image, raw, _mimetype = self.clean(picture((4000, 3000), exif=exif))
        self.assertEqual(image.size, (1536, 2048))
        self.assertFalse(image.getexif())
        self.assertNotIn(b"the maker", raw)

    def test_nothing_hidden_comes_along(self):
        evil = b"<script>alert(1)</script>"
        _image, raw, _mimetype = self.clean(picture(comment=evil) + evil)
        self.assertNotIn(b"script", raw)

    def test_what_is_no_picture_is_refused(self):
        good = picture()
        for content in (
            b"",
            b"hello",
            b"<svg xmlns='http://www.w3.org/2000/svg'><script/></svg>",
            b"%PDF-1.4 nothing",
            b"GIF89a<script>alert(1)</script>",
            good[:200],
            picture(kind="BMP"),
            picture(kind="TIFF"),
        ):
            with self.subTest(content=content[:20]), self.assertRaisesRegex(UserError, "no picture that can be read"):
                pictures.clean(self.env, content)

    def test_bombs_and_large_files_are_refused_before_they_are_read(self):
        with self.assertRaisesRegex(UserError, "40 million"):
            pictures.clean(self.env, bomb(50_000, 50_000))
        with self.assertRaisesRegex(UserError, "5 MB"):
            pictures.clean(self.env, picture() + bytes(pictures.MAX_BYTES))
