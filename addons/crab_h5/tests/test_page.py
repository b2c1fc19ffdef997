import os
import tempfile
from pathlib import Path
from unittest.mock import patch

from odoo.tests import HttpCase, tagged


@tagged("post_install", "-at_install")
class TestPage(HttpCase):
    def setUp(self):
        super().setUp()
        root = Path(self.enterContext(tempfile.TemporaryDirectory()))
        self.enterContext(patch.dict(os.environ, {"CRAB_H5_DIR": str(root)}))
        (root / "secret.txt").write_text("secret")
        self.page = root / "m"

    def build(self):
        (self.page / "assets").mkdir(parents=True)
        (self.page / "index.html").write_text("<!doctype html><p>shop</p>")
        (self.page / "assets" / "index-AbCd1234.js").write_text("let shop")
        (self.page / "tab-homepage.js").write_text("let tab")
        (self.page / "assets" / "index-AbCd1234.js.gz").write_bytes(b"packed")

    def get(self, path, **headers):
        return self.url_open(path, headers={"Accept-Encoding": "identity", **headers}, allow_redirects=False)

    def test_not_built(self):
        answer = self.get("/m/")
        self.assertEqual(answer.status_code, 503)
        self.assertIn("scripts/miniprogram build h5", answer.text)

    def test_page(self):
        self.build()
        answer = self.get("/m/")
        self.assertEqual((answer.status_code, answer.text), (200, "<!doctype html><p>shop</p>"))
        self.assertTrue(answer.headers["Content-Type"].startswith("text/html"))
        self.assertEqual(answer.headers["Cache-Control"], "no-cache")
        self.assertIn("script-src 'self'", answer.headers["Content-Security-Policy"])
        self.assertNotIn("Set-Cookie", answer.headers)
        again = self.get("/m/", **{"If-None-Match": answer.headers["ETag"]})
        self.assertEqual(again.status_code, 304)

    def test_invitation(self):
        """Links without the slash keep what they carry."""
        answer = self.get("/m?invite=ABC")
        self.assertEqual(answer.status_code, 301)
        self.assertTrue(answer.headers["Location"].endswith("/m/?invite=ABC"))

    def test_assets(self):
        self.build()
        answer = self.get("/m/assets/index-AbCd1234.js")
        self.assertEqual(answer.text, "let shop")
        self.assertTrue(answer.headers["Content-Type"].startswith("text/javascript"))
        self.assertIn("immutable", answer.headers["Cache-Control"])
        self.assertEqual(self.get("/m/tab-homepage.js").headers["Cache-Control"], "no-cache", "its name has no hash")
        self.assertEqual(self.get("/m/assets/index-AbCd1234.js.gz").status_code, 404)

    def test_packed(self):
        self.build()
        url = self.base_url() + "/m/assets/index-AbCd1234.js"
        answer = self.opener.get(url, headers={"Accept-Encoding": "gzip"}, stream=True)
        self.assertEqual(answer.headers["Content-Encoding"], "gzip")
        self.assertEqual(answer.raw.read(decode_content=False), b"packed")

    def test_outside(self):
        """Nothing beside the page is served."""
        self.build()
        for path in ("/m/../secret.txt", "/m/%2e%2e/secret.txt", "/m/assets/..%2f..%2fsecret.txt", "/m//etc/passwd"):
            answer = self.get(path)
            self.assertNotIn("secret", answer.text, path)
            self.assertNotIn("root:", answer.text, path)
            self.assertGreaterEqual(answer.status_code, 300, path)
        (self.page / "link.txt").symlink_to(self.page.parent / "secret.txt")
        self.assertEqual(self.get("/m/link.txt").status_code, 404)
