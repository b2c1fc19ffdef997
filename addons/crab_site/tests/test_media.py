from datetime import timedelta
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import Form, HttpCase

from odoo.addons.crab_base.tests.common import covers
from odoo.addons.crab_base.tools.timezone import business_date
from odoo.addons.crab_site.controllers import media as route

from .common import SCRIPT, SiteCase, as_field, picture
from .test_banner import HOSTILE

MP4 = b"\x00\x00\x00\x20ftypisom" + bytes(range(256)) * 40
WEBM = b"\x1a\x45\xdf\xa3\x9fB\x86\x81\x01B\xf7\x81\x01B\xf2\x81\x04B\xf3\x81\x08B\x82\x84webm" + b"x" * 100


class MediaCase(SiteCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Media, cls.Hit = cls.env["crab.media"], cls.env["crab.media.hit"]
        cls.Traffic = cls.env["crab.media.traffic"]
        cls.parameters = cls.env["ir.config_parameter"]

    def _video(self, content=MP4, **values):
        return self.Media.create({"name": "大闸蟹 2026.mov", "kind": "video", "content": as_field(content), **values})

    def _counted(self, media):
        """``(plays, bytes)``"""
        rows = self.Hit.search([("media_id", "=", media.id)])
        return sum(rows.mapped("plays")), int(sum(rows.mapped("bytes_sent")))


class TestMedia(MediaCase):
    @covers("HQ-65", "library", via="web")
    def test_a_picture_stands_in_the_dialogue_of_the_editor(self):
        tag = self.env["crab.media.tag"].with_user(self.admin).create({"name": "Season"})
        with Form(self.Media.with_user(self.admin)) as form:
            form.name, form.content = "Lake", as_field(picture(comment=SCRIPT) + SCRIPT)
            form.tag_ids.add(tag)
        media = form.record
        self.assertEqual((media.mimetype, media.size), ("image/jpeg", len(media.attachment_id.raw)))
        self.assertNotIn(b"script", media.attachment_id.raw)
        # as html_editor's file selector searches, for a product in the hands of its editor
        editor = self.env["ir.attachment"].with_user(self.admin)
        domain = [
            "|",
            ("public", "=", True),
            "&",
            ("res_model", "=", "product.template"),
            ("res_id", "=", self.package1.id),
            ("name", "ilike", "lak"),
            ("mimetype", "in", ["image/jpeg", "image/png"]),
        ]
        self.assertEqual(editor.search(domain), media.attachment_id)
        video = self._video(name="Lake film")
        self.assertFalse(video.attachment_id.public)
        self.assertTrue(media.address.endswith(f"/crab/media/{media.public_id}/Lake.jpg"))

    def test_files_are_judged_by_their_content(self):
        self.assertEqual(self._video().mimetype, "video/mp4")
        self.assertEqual(self._video(WEBM).mimetype, "video/webm")
        html = b"<html>" + SCRIPT
        for kind, content, message in (
            ("picture", html, "no picture"),
            ("picture", MP4, "no picture"),
            ("picture", b'<svg xmlns="http://www.w3.org/2000/svg"/>', "no picture"),
            ("picture", picture() + b"x" * 5_000_000, "larger than 5 MB"),
            ("video", html, "no video"),
            ("video", picture(), "no video"),
            ("video", b"\x00\x00\x00\x20ftypqt  " + b"x" * 100, "no video"),
            ("video", b"\x1a\x45\xdf\xa3" + b"matroska" * 9, "no video"),
            ("video", b"", "needs a file"),
        ):
            with self.subTest(kind=kind, content=content[:12]), self._refused(message, UserError):
                self.Media.create({"name": "x", "kind": kind, "content": as_field(content)})
        self.parameters.set_param("crab_site.video_max_mb", "1")
        with self._refused("larger than 1 MB", UserError):
            self._video(MP4 + b"x" * 1_000_000)
        with self._refused("no picture", UserError):
            self.Media.create({"name": "x", "content": "not base64!"})

    def test_a_file_or_an_address_and_what_may_be_in_use_stays(self):
        elsewhere = self.Media.create({"name": "x", "kind": "video", "url": "https://storage.example.com/a.mp4"})
        for link in (*HOSTILE, "http://storage.example.com/a.mp4"):
            with self.subTest(link), self._refused("no address of the web", ValidationError):
                self.Media.create({"name": "x", "kind": "video", "url": link})
        for values, message in (
            ({"kind": "video"}, "needs a file"),
            ({"kind": "video", "url": "https://s.example.com", "content": as_field(MP4)}, "may be in use"),
            ({"kind": "picture", "url": "https://s.example.com"}, "Pictures are kept here"),
        ):
            with self.subTest(values), self._refused(message, UserError):
                self.Media.create({"name": "x", **values})
        video = self._video()
        other = self.env["ir.attachment"].create({"name": "x", "raw": b"x"})
        for media, values in (
            (video, {"content": as_field(WEBM)}),
            (video, {"url": "https://s.example.com"}),
            (elsewhere, {"content": as_field(MP4)}),
            (elsewhere, {"url": "https://s.example.com"}),
            (video, {"kind": "picture"}),
            (video, {"attachment_id": other.id}),
        ):
            with self.subTest(values), self._refused("may be in use", UserError):
                media.with_user(self.admin).write(values)
        with self._refused("the file itself", UserError):
            self.Media.with_user(self.admin).create({"name": "x", "kind": "video", "attachment_id": other.id})
        attachment = video.attachment_id
        video.unlink()
        self.assertFalse(attachment.exists())

    @covers("HQ-65", "video traffic", via="web")
    def test_traffic_per_video_and_month_with_its_cost(self):
        video, other = self._video(), self._video(WEBM)
        form = Form(self.env["res.config.settings"].with_user(self.admin))
        form.crab_gigabyte_cost = 0.5
        form.save().execute()
        self.Hit._record(
            [(video.id, 1, 2_000_000_000), (video.id, 0, 500_000_000), (other.id, 1, 1000), (other.id, 0, 0)]
        )
        self.parameters.set_param("crab_site.gigabyte_cost", "1")
        self.Hit._record([(video.id, 1, 1_000_000_000)])
        traffic = self.Traffic.with_user(self.admin).search([("media_id", "in", (video | other).ids)])
        self.assertEqual(traffic.mapped("media_id"), video | other)
        mine = traffic[0]
        self.assertEqual((mine.plays, mine.bytes_sent, mine.gigabytes, mine.cost), (2, 3_500_000_000, 3.5, 2.25))
        self.assertEqual(mine.month, business_date().replace(day=1))
        [(plays, cost)] = self.Traffic.with_user(self.admin)._read_group(
            [("id", "in", traffic.ids)], [], ["plays:sum", "cost:sum"]
        )
        self.assertEqual((plays, cost), (3, 2.25))
        self.assertEqual(video.with_user(self.admin).plays, 2)
        with self._refused("kept with its traffic", UserError):
            video.unlink()

    def test_drawing_together_changes_no_total(self):
        video = self._video()
        today = business_date()
        for number in range(6):
            self.Hit._record([(video.id, 1, 100 + number)])
        rows = self.Hit.search([("media_id", "=", video.id)])
        old = rows[:4]
        last_month = today.replace(day=1) - timedelta(days=1)
        self.env.cr.execute(
            "UPDATE crab_media_hit SET date = %s - (id %% 2)::int WHERE id = ANY(%s)", [last_month, old.ids]
        )
        self.env.invalidate_all()
        before = [(line.month, line.plays, line.bytes_sent) for line in self.Traffic.search([])]
        self.assertEqual(len(before), 2)
        self.assertEqual(self.Hit._draw_together(), 3)
        self.assertEqual(self.Hit._draw_together(), 0)
        self.env.invalidate_all()
        self.assertEqual([(line.month, line.plays, line.bytes_sent) for line in self.Traffic.search([])], before)
        self.assertEqual(self.Hit.search_count([("media_id", "=", video.id)]), 3, "rows of today stay for now")

    def test_settings_are_bounded(self):
        settings = self.env["res.config.settings"].with_user(self.admin)
        for values in ({"crab_video_max_mb": 0}, {"crab_video_max_mb": 91}, {"crab_gigabyte_cost": -1}):
            with self.subTest(values), self._refused("", ValidationError):
                settings.create(values)

    def test_rights(self):
        video = self._video()
        for user in (self.service, self.auditor):
            self.assertTrue(video.with_user(user).address)
            for attack in (
                lambda user=user: video.with_user(user).write({"name": "x"}),
                lambda user=user: video.with_user(user).unlink(),
                lambda user=user: self.Media.with_user(user).create({"name": "x", "content": as_field(picture())}),
                lambda user=user: self.Hit.with_user(user).search([]),
            ):
                with self.assertRaises(AccessError):
                    attack()
        finance = self._new_user("site_finance", "finance")
        self.assertFalse(self.Traffic.with_user(finance).search([("media_id", "=", video.id)]))
        with self.assertRaises(AccessError):
            self.Traffic.with_user(self._new_user("site_keeper", "card_keeper")).search([])


class TestMediaAddress(MediaCase, HttpCase):
    def setUp(self):
        super().setUp()
        self.video = self._video()
        self.path = self.video.address.split("://")[1].partition("/")[2]

    def _get(self, asked=None, path=None, **options):
        headers = {"Range": f"bytes={asked}"} if asked else {}
        return self.url_open(f"/{path or self.path}", headers=headers, **options)

    @covers("HQ-65", "video traffic")
    def test_what_is_sent_is_counted(self):
        whole = self._get()
        self.assertEqual((whole.status_code, whole.content), (200, MP4))
        self.assertEqual((whole.headers["Content-Type"], whole.headers["Accept-Ranges"]), ("video/mp4", "bytes"))
        self.assertEqual(self._counted(self.video), (1, len(MP4)))
        part = self._get("0-99")
        self.assertEqual((part.status_code, part.content), (206, MP4[:100]))
        self.assertEqual(part.headers["Content-Range"], f"bytes 0-99/{len(MP4)}")
        self.assertEqual(part.headers["X-Content-Type-Options"], "nosniff")
        self.assertEqual(self._counted(self.video), (2, len(MP4) + 100))
        self.assertEqual(self._get("100-199").content, MP4[100:200])
        self.assertEqual(self._get("-10").content, MP4[-10:])
        self.assertEqual(self._get(f"{len(MP4) - 5}-").content, MP4[-5:])
        self.assertEqual(self._counted(self.video), (2, len(MP4) + 215), "who goes on has begun before")
        self.assertEqual(self._get("0-1").content, MP4[:2])
        self.assertEqual(self._counted(self.video), (2, len(MP4) + 217), "a probe is no play")

    def test_a_player_that_asks_for_all_gets_a_part(self):
        with patch.object(route, "PART", 1000):
            first = self._get("0-")
            self.assertEqual((first.status_code, len(first.content)), (206, 1000))
            self.assertEqual(first.headers["Content-Range"], f"bytes 0-999/{len(MP4)}")
            got = first.content
            while len(got) < len(MP4):
                got += self._get(f"{len(got)}-").content
        self.assertEqual(got, MP4)
        self.assertEqual(self._counted(self.video), (1, len(MP4)))

    def test_what_is_not_sent_is_not_counted(self):
        etag = self._get("0-9").headers["ETag"]
        before = self._counted(self.video)
        self.assertEqual(self.url_open(f"/{self.path}", headers={"If-None-Match": etag}).status_code, 304)
        for asked in (f"{len(MP4)}-", f"{len(MP4) + 5}-{len(MP4) + 9}", "5-1", "x-y"):
            with self.subTest(asked):
                self.assertEqual(self._get(asked).status_code, 416)
        self.assertEqual(self.url_open(f"/{self.path}", method="HEAD").status_code, 200)
        self.assertEqual(self._counted(self.video), before)

    def test_only_by_the_address_and_only_while_it_is_there(self):
        for path in (
            f"crab/media/{self.video.id}/x.mp4",
            "crab/media/00000000-0000-7000-8000-000000000000/x.mp4",
            f"crab/media/{self.video.public_id}",
            f"web/content/{self.video.attachment_id.id}",
        ):
            with self.subTest(path):
                self.assertEqual(self._get(path=path).status_code, 404)
        self.video.active = False
        self.assertEqual(self._get().status_code, 404)
        self.assertEqual(self._counted(self.video), (0, 0))

    def test_pictures_are_public_and_not_counted(self):
        media = self.Media.create({"name": "Lake", "content": as_field(picture())})
        answer = self._get(path=media.address.split("://")[1].partition("/")[2])
        self.assertEqual((answer.status_code, answer.headers["Content-Type"]), (200, "image/jpeg"))
        self.assertIn("public", answer.headers["Cache-Control"])
        self.assertEqual(self._counted(media), (0, 0))

    def test_a_video_elsewhere_is_a_play_and_a_way_there(self):
        media = self.Media.create({"name": "x", "kind": "video", "url": "https://storage.example.com/a.mp4"})
        answer = self._get(path=media.address.split("://")[1].partition("/")[2], allow_redirects=False)
        self.assertEqual((answer.status_code, answer.headers["Location"]), (302, "https://storage.example.com/a.mp4"))
        self.assertEqual(self._counted(media), (1, 0))
