import mimetypes
import os
from pathlib import Path

from werkzeug.exceptions import NotFound
from werkzeug.utils import redirect, send_file

from odoo import http
from odoo.http import request

HASHED = "assets"  # folder of the files whose content is in their name: they never change
TYPES = {".js": "text/javascript", ".css": "text/css", ".html": "text/html", ".ttf": "font/ttf", ".woff2": "font/woff2"}
# styles: the page sets them on elements; pictures: of the shop and what is about to be uploaded
POLICY = (
    "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob: https:;"
    " media-src 'self' blob: https:; font-src 'self' data:; connect-src 'self' blob:; frame-src https: http:;"
    " object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
)
NOT_BUILT = """<!doctype html>
<html lang="zh-CN"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>页面尚未构建</title></head>
<body style="font-family: sans-serif; max-width: 32rem; margin: 15vh auto; padding: 0 1rem; color: #2b2622">
<h1>页面尚未构建</h1>
<p>服务器上还没有手机页面的文件。请运行 <code>scripts/miniprogram build h5</code>，或参阅 docs/miniprogram.md。</p>
<p lang="en">The page for phones has not been built on this server: run <code>scripts/miniprogram build h5</code>.</p>
</body></html>
"""


def folder():
    """Where the built page lies: ``m`` in the folder that CRAB_H5_DIR names."""
    return Path(os.environ.get("CRAB_H5_DIR") or "/nonexistent") / "m"


class CrabH5Controller(http.Controller):
    """The page at /m/. In production nginx serves the same files itself; what it sends is the same."""

    @http.route("/m", type="http", auth="none", methods=["GET"], readonly=True, save_session=False)
    def bare(self, **_parameters):
        """Links in the page are relative to /m/."""
        query = request.httprequest.query_string.decode()
        return redirect("/m/" + (f"?{query}" if query else ""), 301)

    @http.route(["/m/", "/m/<path:name>"], type="http", auth="none", methods=["GET"], readonly=True, save_session=False)
    def file(self, name="index.html", **_parameters):
        """A file of the built page; never one outside of its folder."""
        root = folder().resolve()
        path = (root / name).resolve()
        if not path.is_relative_to(root) or not path.is_file() or path.suffix == ".gz":
            if name == "index.html":
                headers = [("Content-Type", "text/html; charset=utf-8"), ("Cache-Control", "no-store")]
                return request.make_response(NOT_BUILT, headers, status=503)
            raise NotFound()
        packed = path.with_name(path.name + ".gz")
        takes_packed = "gzip" in request.httprequest.headers.get("Accept-Encoding", "") and packed.is_file()
        kind = TYPES.get(path.suffix) or mimetypes.guess_type(path.name)[0] or "application/octet-stream"
        response = send_file(
            packed if takes_packed else path, request.httprequest.environ, mimetype=kind, conditional=True
        )
        if takes_packed:
            response.headers["Content-Encoding"] = "gzip"
        response.headers["Vary"] = "Accept-Encoding"
        response.headers["Cache-Control"] = (
            "public, max-age=31536000, immutable" if path.is_relative_to(root / HASHED) else "no-cache"
        )
        response.headers["X-Content-Type-Options"] = "nosniff"
        if kind == "text/html":
            response.headers["Content-Security-Policy"] = POLICY
            response.headers["Referrer-Policy"] = "same-origin"
        return response
