import hashlib

from accept_language import parse_accept_language
from fastapi import Depends

import odoo
from odoo import api, fields, models, release
from odoo.exceptions import UserError
from odoo.tools import config

from odoo.addons.fastapi.fastapi_dispatcher import FastApiDispatcher  # noqa: F401  # its patches of starlette

from .. import asgi, errors
from ..dependencies import note_route
from ..dispatcher import ROOT, get_app
from ..errors import TEXTS
from ..routers import auth, docs, files
from ..schemas import ErrorOut

LANGUAGES = {"zh": "zh_CN", "en": "en_US"}  # English is what the source is written in, installed or not
DESCRIPTION = """
The API of the mini-program and of any other client of members, dealers and dealer staff.

* Amounts are decimal **strings** with `currency`; times are ISO 8601 with their offset; ids are opaque strings.
* Lists: `?limit=20&cursor=…` gives `{"items": […], "next_cursor": …}`.
* Errors: a status with `{"code", "detail", "fields"}`; `code` is stable, `detail` is for people, in their language
  (`Accept-Language`: `zh-CN` or `en`). 401 no or ended login · 403 not yours to do · 404 unknown or not yours to see ·
  409 conflict · 422 a rule says no · 429 too many, with `Retry-After`.
* Who cannot send PATCH (WeChat's mini-programs) sends POST with `X-HTTP-Method-Override: PATCH`.
* `Idempotency-Key` is required where something of value is made or moved: send the same key again when no answer came.
"""


class FastapiEndpoint(models.Model):
    """The application at ``/api/v1``. Addons add their routers by extending ``_get_fastapi_routers``."""

    _inherit = "fastapi.endpoint"

    app: str = fields.Selection(selection_add=[("crab", "Crab")], ondelete={"crab": "cascade"})

    def _register_hook(self):
        result = super()._register_hook()
        is_server = config["workers"] and not config["stop_after_init"] and not odoo.evented
        if is_server and self.sudo()._get_id_for_path(ROOT):  # sudo: settings; without them Odoo has to start as well
            asgi.prepare(get_app(self.env), f"{ROOT}/-")
        return result

    def _get_fastapi_routers(self):
        routers = super()._get_fastapi_routers()
        if self.app == "crab":
            routers += [auth.router, files.router, docs.router]
        return routers

    def _prepare_fastapi_app_params(self):
        params = super()._prepare_fastapi_app_params()
        if self.app == "crab":
            params.update(
                title="Crab",
                description=DESCRIPTION,
                version="1",
                docs_url=None,  # its page loads scripts from elsewhere; ours is in routers/docs.py
                redoc_url=None,
                redirect_slashes=False,
                responses={
                    status: {"model": ErrorOut, "description": text} for status, text in errors.REFUSALS.items()
                },
            )
        return params

    def _get_fastapi_app_dependencies(self):
        return [Depends(note_route)] if self.app == "crab" else super()._get_fastapi_app_dependencies()

    @api.model
    def _crab_lang(self, accept_language):
        """Code of the language of an answer: English if it is asked for before Chinese, else Chinese."""
        try:
            asked = parse_accept_language((accept_language or "")[:200])
        except ValueError:  # a weight that is no number
            return "zh_CN"
        return next(filter(None, (LANGUAGES.get(lang.language) for lang in asked)), "zh_CN")

    @api.model
    def _crab_etag(self, path, query, accept_language):
        """ETag of a public answer, None where there is none.

        :param path: below ``/api/v1``
        :param bytes query: the query as it was sent
        """
        version = self._crab_public_version(path)
        if version is None:
            return None
        text = f"{release.version}|{version}|{path}|{query!r}|{self._crab_lang(accept_language)}"
        return f'W/"{hashlib.sha256(text.encode()).hexdigest()[:24]}"'

    @api.model
    def _crab_public_version(self, path):
        """Hook: what changes whenever the public answer at ``path`` would change; None for all other paths."""
        return None

    @api.model
    def _crab_not_ready(self):
        """Hook: the reasons why this process cannot serve, as words for operators."""
        return []

    @api.model
    def _crab_text(self, text):
        """The API's own words (``errors.TEXTS``) in the caller's language."""
        return {
            TEXTS[401]: self.env._("Please log in."),
            TEXTS[403]: self.env._("This is not yours to do."),
            TEXTS[404]: self.env._("This does not exist."),
            TEXTS[405]: self.env._("This cannot be done here."),
            TEXTS[500]: self.env._("Something went wrong on our side. Please try again."),
        }.get(text) or self.env._("Some of what was sent is missing or wrong.")

    @api.constrains("app", "root_path")
    def _check_crab_root_path(self):
        if any(endpoint.app == "crab" and endpoint.root_path != ROOT for endpoint in self):
            raise UserError(self.env._("The API of the suite lives at %(path)s.", path=ROOT))
