"""Hostile files where people outside add pictures: to feedback, reviews and after-sales requests, one by one.

Each is sent through the service, in a transaction that would be committed. What is no picture is refused in words and
leaves nothing; of what is one, and something else besides, its pixels stay.
"""

import hashlib
import io
import struct
import zipfile
import zlib
from pathlib import Path

import pytest
from everything import shop_order
from PIL import Image
from shop_world import ShopWorld
from test_uploads import CHINESE

import harness

SCRIPT = b"<script>alert(document.cookie)</script>"


def picture(kind="JPEG", size=(64, 48), **values):
    target = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert("RGB").save(target, kind, **values)
    return target.getvalue()


def png(width, height, *chunks, pixels=b""):
    """A PNG that says it has this size; its pixels are what is given."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = [(b"IHDR", header), *chunks, (b"IDAT", zlib.compress(pixels)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data)) for kind, data in parts
    )


def archive():
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as made:
        made.writestr("evil.html", SCRIPT.decode())
    return target.getvalue()


def gif(width, height):
    return b"GIF89a" + struct.pack("<HH", width, height) + b"\x80\x00\x00\x00\x00\x00\xff\xff\xff;"


SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
# what is refused
REFUSED = {
    "nothing": b"",
    "text": "这不是图片".encode(),
    "a script": SCRIPT,
    "an SVG with a script": SVG,
    "an SVG that begins as a PNG": b"\x89PNG\r\n\x1a\n" + SVG,
    "HTML that begins as a GIF": b"GIF89a/*" + SCRIPT + b"*/=1;",
    "a PDF": b"%PDF-1.4\n1 0 obj<</OpenAction<</JS(app.alert(1))>>>>endobj\n%%EOF",
    "PostScript": b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n(/etc/passwd) (r) file\n%%EOF",
    "a program": b"MZ" + bytes(500),
    "an archive": archive(),
    "a BMP": picture("BMP"),
    "a TIFF": b"II*\x00\x08\x00\x00\x00" + bytes(200),
    "an icon": b"\x00\x00\x01\x00\x01\x00\x10\x10\x00\x00\x01\x00\x20\x00" + picture("PNG"),
    "a bomb of pixels, PNG": png(30_000, 30_000, pixels=bytes(1000)),
    "a bomb of pixels, GIF": gif(65_000, 65_000),
    "a bomb of texts": png(8, 8, *[(b"zTXt", b"a\0\0" + zlib.compress(bytes(80_000_000)))], pixels=bytes(200)),
    "half a JPEG": picture(size=(800, 600))[:2000],
    "half a PNG": picture("PNG", size=(800, 600))[:2000],
    "half a WebP": picture("WEBP", size=(800, 600))[:300],
    "6 MB": picture() + bytes(6_000_000),
}
EXIF = Image.Exif()
EXIF[0x010E] = "secret place"
# what is a picture and something else besides
CLEANED = {
    "a JPEG that is an archive too": picture() + archive(),
    "a PNG with a script behind it": picture("PNG") + SCRIPT,
    "a GIF with a script behind it": picture("GIF") + SCRIPT,
    "a JPEG with a script in its comment": picture(comment=SCRIPT),
    "a JPEG that says where it was taken": picture(exif=EXIF.tobytes()),
    "a WebP that says where it was taken": picture("WEBP", exif=EXIF.tobytes()),
}


class Pictures(ShopWorld):
    """A member with a received order that is not reviewed, and the three places where it adds pictures."""

    def __init__(self, registry):
        super().__init__(registry)
        self.order_id = self.run(self._make_order)

    def _make_order(self, env):
        package = env["product.product"].browse(self.package_id)
        return shop_order(env, env["crab.member"].browse(self.member_id), package, "received").id

    def subject(self):
        from odoo.addons.crab_base.tools.subject import Subject

        return Subject("member", self.member_id)

    def line(self, env):
        return env["sale.order"].browse(self.order_id).order_line.filtered(lambda line: line.crab_role == "goods")

    def feedback(self, env, pictures):
        return env["crab.feedback"]._send(self.subject(), "看图", pictures)

    def review(self, env, pictures):
        written = {"line_id": self.line(env).id, "score": 5, "text": "看图", "pictures": pictures}
        return env["crab.review"]._write_review(self.subject(), self.order_id, [written])

    def aftersale(self, env, pictures):
        order = env["sale.order"].browse(self.order_id)
        wishes = [(self.line(env), 1, None)]
        return env["crab.aftersale"]._ask(
            self.subject(), order.public_id, wishes, "refund", "quality", pictures=pictures
        )

    def kept(self):
        """How many rows there are of all that could be kept."""
        tables = (
            "crab_feedback",
            "crab_review",
            "crab_aftersale",
            "crab_aftersale_line",
            "crab_outbox",
            "ir_attachment",
        )

        def count(env):
            counts = []
            for table in tables:
                env.cr.execute(f"SELECT count(*) FROM {table}")
                counts.append(env.cr.fetchone()[0])
            return counts

        return self.run(count)

    def is_stored(self, content):
        """Whether the file store has this file."""

        name = hashlib.sha1(content).hexdigest()
        return self.run(lambda env: Path(env["ir.attachment"]._full_path(f"{name[:2]}/{name}")).exists())


@pytest.fixture(scope="module")
def world(module_registry):
    return Pictures(module_registry)


def refused_words(world, place, pictures):
    """The words of the refusal; what would be done is committed."""
    from odoo.exceptions import UserError

    with pytest.raises(UserError) as refusal:
        world.run(lambda env: getattr(world, place)(env, pictures).id, context={"lang": "zh_CN"})
    return str(refusal.value)


PLACES = ("feedback", "review", "aftersale")


@pytest.mark.parametrize("place", PLACES)
@harness.covers("MB-24", "ask with reason and pictures", via="service")
@harness.covers("MB-27", "feedback with pictures", via="service")
def test_what_is_no_picture_is_refused_and_leaves_nothing(world, place):
    before = world.kept()
    wrong = {}
    for case, content in REFUSED.items():
        for pictures in ([content], [picture(), content]):  # alone, and behind a good one
            words = refused_words(world, place, pictures)
            if not CHINESE.search(words) or world.kept() != before or (content and world.is_stored(content)):
                wrong[case] = words
    words = refused_words(world, place, [picture()] * 10)
    assert "9" in words and CHINESE.search(words)
    assert not wrong
    assert world.kept() == before


@pytest.mark.parametrize("place", PLACES)
def test_of_a_picture_that_is_something_else_too_its_pixels_stay(world, place):
    for case, content in CLEANED.items():
        outcome = harness.undone(
            world.registry, 1, lambda env, content=content: read_kept(getattr(world, place)(env, [content]))
        )
        assert outcome.kind == "ok", (case, outcome)
        mimetype, raw, size, is_public = outcome.value
        assert (mimetype, size, is_public) == ("image/jpeg", (64, 48), False), case
        assert not any(hidden in raw for hidden in (SCRIPT, b"evil", b"secret place", b"PK\x03\x04")), case
        assert not Image.open(io.BytesIO(raw)).getexif(), case


def read_kept(record):
    [kept] = record.picture_ids
    return kept.mimetype, kept.raw, Image.open(io.BytesIO(kept.raw)).size, kept.public
