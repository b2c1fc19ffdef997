from werkzeug.routing import PathConverter

from odoo import models
from odoo.http import request

from ..dispatcher import CrabApiDispatcher


class AnyPathConverter(PathConverter):
    """A path with line breaks in it, too: whatever is asked of the API is answered by the API."""

    regex = r"[^/](?s:.*?)"


class IrHttp(models.AbstractModel):
    _inherit = "ir.http"

    @classmethod
    def _get_converters(cls):
        return {**super()._get_converters(), "any_path": AnyPathConverter}

    @classmethod
    def _pre_dispatch(cls, rule, args):
        # the API chooses among its own languages; for one that is not installed Odoo would read user, company and
        # contact first
        if request.dispatcher.routing_type == CrabApiDispatcher.routing_type:
            request.update_context(lang="zh_CN")
        return super()._pre_dispatch(rule, args)
