import werkzeug.exceptions

from odoo import http
from odoo.http import STATIC_CACHE_LONG, Response, request

PART = 2_000_000  # bytes of one answer to a player
PROBE = 2  # some players first ask for two bytes to see whether parts are sent at all


class CrabMediaController(http.Controller):
    @http.route(
        "/crab/media/<string:public_id>/<string:filename>",
        type="http",
        auth="public",
        methods=["GET"],
        readonly=False,
        save_session=False,
    )
    def media(self, public_id, filename, **_parameters):
        """A picture or video of the library; what is sent of a video is counted, and a play where it begins."""
        media_sudo = request.env["crab.media"].sudo().search([("public_id", "=", public_id)])  # a public address
        attachment_sudo = media_sudo.attachment_id
        is_head = request.httprequest.method == "HEAD"
        if not media_sudo:
            raise request.not_found()
        if media_sudo.kind == "picture":
            return (
                request.env["ir.binary"]
                ._get_stream_from(attachment_sudo)
                .get_response(as_attachment=False, immutable=True)
            )
        first, last = self._asked_for()
        begins = not first and not is_head and (last is None or last >= PROBE)
        if not attachment_sudo:
            self._count(media_sudo, begins, 0)
            return request.redirect(media_sudo.url, code=302, local=False)
        stream = request.env["ir.binary"]._get_stream_from(attachment_sudo)
        if first is None:
            response = stream.get_response(
                as_attachment=False, immutable=True, content_security_policy="default-src 'none'; media-src 'self'"
            )
            response.headers["Accept-Ranges"] = "bytes"
            is_sent = response.status_code == 200 and not is_head
            self._count(media_sudo, is_sent, stream.size if is_sent else 0)
            return response
        if first < 0:
            first = max(stream.size + first, 0)
        stop = min(stream.size, first + PART, stream.size if last is None else last + 1)
        if first >= stop:
            raise werkzeug.exceptions.RequestedRangeNotSatisfiable(length=stream.size)
        self._count(media_sudo, begins, 0 if is_head else stop - first)
        return self._part(stream, first, stop)

    def _asked_for(self):
        """``(first byte, last byte or None)`` of the part that is asked for; of the end: how many, negative, first.

        ``(None, None)``: the whole, also where several parts are asked for, which a server need not understand.
        """
        wanted = request.httprequest.range
        if not wanted or wanted.units != "bytes" or len(wanted.ranges) != 1:
            return None, None
        [(first, stop)] = wanted.ranges
        return first, None if stop is None else stop - 1

    def _count(self, media, is_play, sent):
        request.env["crab.media.hit"]._record([(media.id, int(is_play), sent)])

    def _part(self, stream, first, stop):
        """Bytes ``first`` to ``stop`` of a video.

        Small parts, whatever was asked for: a player asks for all of it, reads what it needs and hangs up; what is
        counted must be near to what was sent. The part is read here even where a web server in front sends files.
        """
        if stream.type == "path":
            with open(stream.path, "rb") as file:
                file.seek(first)
                part = file.read(stop - first)
        else:
            part = stream.data[first:stop]
        response = Response(part, status=206, mimetype=stream.mimetype)
        response.headers.update(
            {
                "Content-Range": f"bytes {first}-{stop - 1}/{stream.size}",
                "Accept-Ranges": "bytes",
                "Content-Security-Policy": "default-src 'none'; media-src 'self'",
                "X-Content-Type-Options": "nosniff",
                "Cache-Control": f"private, max-age={STATIC_CACHE_LONG}, immutable",
            }
        )
        response.set_etag(stream.etag)
        return response
