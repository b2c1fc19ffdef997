import base64
import io

from PIL import Image

from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Domain

from odoo.addons.crab_base.tools import pictures

from ..tools.links import clean_link

NARROWEST = 1.5  # width : height
TARGETS = {"product": "product_tmpl_id", "category": "categ_id", "article": "article_id", "url": "url"}


class CrabBanner(models.Model):
    """A picture that goes round on the first page of the shop and opens something (HQ-68)."""

    _name = "crab.banner"
    _description = "Banner"
    _inherit = ["crab.public.id.mixin"]
    _order = "sequence, id desc"
    _rec_name = "title"

    title = fields.Char(required=True, size=64)
    active = fields.Boolean("On", default=True, help="Switched off it is not shown, whatever its time.")
    sequence = fields.Integer("Order", default=10)
    image = fields.Image("Picture", required=True, help="Wide: at least 3 : 2. JPEG, PNG, WebP or GIF of at most 5 MB.")
    target_kind = fields.Selection(
        [("product", "Product"), ("category", "Category"), ("article", "Article"), ("url", "Web page")],
        "Opens",
        required=True,
        default="product",
    )
    product_tmpl_id = fields.Many2one(
        "product.template", "Product", domain=[("crab_kind", "!=", False)], index="btree_not_null", ondelete="set null"
    )
    categ_id = fields.Many2one(
        "product.category", "Category", domain=[("crab_kind", "!=", False)], index="btree_not_null", ondelete="set null"
    )
    article_id = fields.Many2one("crab.article", "Article", index="btree_not_null", ondelete="set null")
    url = fields.Char("Address", help="Begins with https://. The mini-program opens only addresses that WeChat allows.")
    target = fields.Char(compute="_compute_target", help="What the banner opens.")
    start_at = fields.Datetime("From", help="Empty: at once.")
    end_at = fields.Datetime("Until", help="Empty: until it is switched off.")
    state = fields.Selection(
        [
            ("planned", "Planned"),
            ("shown", "Shown"),
            ("ended", "Ended"),
            ("lost", "Target not on sale"),
            ("off", "Off"),
        ],
        compute="_compute_state",
        search="_search_state",
        help="Target not on sale: the product, category or article is gone, off sale or not published.",
    )

    _time_order = models.Constraint("CHECK (start_at < end_at)", "A banner ends after it begins.")

    # ------------------------------------------------------------------ computes

    @api.depends("target_kind", *TARGETS.values())
    def _compute_target(self):
        for banner in self:
            opened = banner[TARGETS[banner.target_kind]] if banner.target_kind else False
            banner.target = opened if isinstance(opened, str | bool) else opened.display_name

    @api.depends("active", "start_at", "end_at", *TARGETS.values(), "target_kind")
    def _compute_state(self):
        stored = self._origin
        by_state = {
            state: set(stored.with_context(active_test=False).search([("id", "in", stored.ids), domain]).ids)
            for state, domain in self._state_domains().items()
        }
        for banner in self:
            banner.state = next((state for state, ids in by_state.items() if banner._origin.id in ids), False)

    def _search_state(self, operator, value):
        if operator != "in":
            return NotImplemented
        domains = self._state_domains()
        return Domain.OR(domains[state] for state in domains.keys() & set(value))

    @api.model
    def _state_domains(self, now=None):
        """``{state: domain}``; each banner is in just one of them."""
        now = now or fields.Datetime.now()
        is_on = Domain("active", "=", True)
        ended = Domain("end_at", "!=", False) & Domain("end_at", "<=", now)
        planned = Domain("start_at", "!=", False) & Domain("start_at", ">", now)
        alive = Domain("id", "in", self.sudo().with_context(active_test=False)._search(self._target_domain()))
        return {
            "shown": is_on & ~ended & ~planned & alive,
            "lost": is_on & ~ended & ~planned & ~alive,
            "planned": is_on & ~ended & planned,
            "ended": is_on & ended,
            "off": Domain("active", "=", False),
        }

    @api.model
    def _target_domain(self):
        """Banners whose target can be opened."""
        return Domain.OR(
            [
                Domain("target_kind", "=", "product")
                & Domain("product_tmpl_id.active", "=", True)
                & Domain("product_tmpl_id.crab_kind", "!=", False)
                & Domain("product_tmpl_id.crab_state", "=", "on_sale"),
                Domain("target_kind", "=", "category") & Domain("categ_id.crab_kind", "!=", False),
                Domain("target_kind", "=", "article") & Domain("article_id.is_published", "=", True),
                Domain("target_kind", "=", "url") & Domain("url", "!=", False),
            ]
        )

    # ------------------------------------------------------------------ what is entered

    @api.onchange("target_kind")
    def _onchange_target_kind(self):
        for kind, field in TARGETS.items():
            if kind != self.target_kind:
                self[field] = False

    @api.constrains("image", "target_kind", *TARGETS.values())
    def _check_target(self):
        for banner in self:
            if not banner.image:
                raise ValidationError(self.env._("The banner “%(title)s” needs a picture.", title=banner.title))
            if not (banner.target_kind and banner[TARGETS[banner.target_kind]]):
                raise ValidationError(self.env._("Enter what the banner “%(title)s” opens.", title=banner.title))
            if any(banner[field] for kind, field in TARGETS.items() if kind != banner.target_kind):
                raise ValidationError(self.env._("The banner “%(title)s” opens one thing only.", title=banner.title))
            goods = banner.product_tmpl_id or banner.categ_id
            if goods and not goods.sudo().crab_kind:  # sudo: products of others may be out of reach
                raise ValidationError(
                    self.env._("“%(name)s” is not sold through the suite.", name=goods.sudo().display_name)
                )

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._clean(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._clean(vals))

    @api.model
    def _clean(self, vals):
        """The values with picture and address as they may be kept."""
        vals = dict(vals)
        if vals.get("url"):
            vals["url"] = clean_link(self.env, vals["url"])
        if vals.get("image"):
            try:
                content = base64.b64decode(vals["image"], validate=True)
            except (TypeError, ValueError):
                content = b""
            raw, _mimetype = pictures.clean(self.env, content)
            width, height = Image.open(io.BytesIO(raw)).size
            if width < NARROWEST * height:
                raise ValidationError(self.env._("The picture of a banner is wider than high: at least 3 : 2."))
            vals["image"] = base64.b64encode(raw)
        return vals

    # ------------------------------------------------------------------ for the app

    @api.model
    def _shown(self, now=None):
        """The banners to show now, in order, in sudo: they are for everybody.

        :param now: naive UTC
        """
        return self.sudo().search(self._state_domains(now)["shown"])

    def _picture_paths(self):
        """``{banner: address of its picture below the server's}``; it changes with the picture and may be cached."""
        attachments_sudo = (
            self.env["ir.attachment"]
            .sudo()  # a part of the banner
            .search_fetch(
                [("res_model", "=", self._name), ("res_id", "in", self.ids), ("res_field", "=", "image")],
                ["res_id", "checksum"],
            )
        )
        versions = {attachment.res_id: attachment.checksum[:8] for attachment in attachments_sudo}
        return {banner: f"/crab/banner/{banner.public_id}?v={versions.get(banner.id, '')}" for banner in self}
