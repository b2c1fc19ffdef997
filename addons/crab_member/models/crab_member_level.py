from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_dealer.models.crab_dealer import MAX_NAMED, RATIO_DIGITS, ratio_points, ratio_words
from odoo.addons.crab_dealer.models.crab_invite_mixin import new_code

INVITERS = "crab_base.group_customer_service"  # and administrators
GUARDED = {"ratio", "is_default", "invite_code", "currency_id"}  # change by the buttons only


class CrabMemberLevel(models.Model):
    """A member level: its price ratio, how members rise to it, who may invite to it (HQ-21)."""

    _name = "crab.member.level"
    _description = "Member level"
    _inherit = ["crab.public.id.mixin", "crab.invite.mixin", "mail.thread"]
    _order = "ratio desc, sequence, id"
    _invite_parameter = "level_invite"

    name = fields.Char(required=True, tracking=True)
    sequence = fields.Integer(
        default=10, help="Order among levels with the same price ratio: a larger number stands higher."
    )
    active = fields.Boolean(default=True, tracking=True)
    ratio = fields.Float(
        "Price ratio", digits=RATIO_DIGITS, required=True, default=1.0, tracking=True, copy=False, aggregator=None
    )
    ratio_ids = fields.One2many("crab.member.level.ratio", "level_id", "Ratio history", readonly=True)
    # whoever has the link gets the level's price: not for every role
    invite_code = fields.Char(groups=INVITERS)
    invite_link = fields.Char(groups=INVITERS)
    invite_qr = fields.Binary(groups=INVITERS)
    is_default = fields.Boolean(
        "Base level", readonly=True, copy=False, help="Who registers without a level's invitation gets it."
    )
    is_open_to_dealers = fields.Boolean("Dealers may invite", tracking=True)
    is_open_to_staff = fields.Boolean("Dealer staff may invite", tracking=True)
    currency_id = fields.Many2one(
        "res.currency", required=True, readonly=True, default=lambda self: self.env.ref("base.CNY")
    )
    min_spend = fields.Monetary(
        "Spend", tracking=True, help="Paid for orders received in the period, less refunds. 0: not asked for."
    )
    min_orders = fields.Integer("Orders", tracking=True, help="Orders received in the period. 0: not asked for.")
    min_invitations = fields.Integer(
        "Invitations", tracking=True, help="Members invited in the period. 0: not asked for."
    )
    condition_mode = fields.Selection(
        [("any", "Any condition"), ("all", "All conditions")], "Rises when", required=True, default="any", tracking=True
    )
    period_days = fields.Integer(
        "Period (days)", tracking=True, help="Only what happened in the last days counts. 0: since registration."
    )
    is_automatic = fields.Boolean("Members rise by themselves", compute="_compute_is_automatic", store=True)
    member_ids = fields.One2many("crab.member", "level_id", "Members")
    member_count = fields.Integer("Number of members", compute="_compute_member_count")

    _name_uniq = models.UniqueIndex("(name)", "Another level has this name; it may be archived.")
    _default_uniq = models.UniqueIndex("(is_default) WHERE is_default", "There is one base level.")
    _ratio_range = models.Constraint(
        "CHECK(ratio > 0 AND ratio <= 1)", "A level's price ratio is above 0 and at most 1."
    )
    _conditions_positive = models.Constraint(
        "CHECK(min_spend >= 0 AND min_orders >= 0 AND min_invitations >= 0 AND period_days BETWEEN 0 AND 36500)",
        "Conditions are never negative, and the period is at most 36500 days.",
    )
    _default_active = models.Constraint("CHECK(active OR NOT is_default)", "The base level cannot be archived.")

    # ------------------------------------------------------------------ compute

    @api.depends("min_spend", "min_orders", "min_invitations")
    def _compute_is_automatic(self):
        for level in self:
            level.is_automatic = bool(level.min_spend or level.min_orders or level.min_invitations)

    @api.depends("member_ids")
    def _compute_member_count(self):
        counts = dict(self.env["crab.member"]._read_group([("level_id", "in", self.ids)], ["level_id"], ["__count"]))
        for level in self:
            level.member_count = counts.get(level._origin, 0)

    # ------------------------------------------------------------------ constraints

    @api.constrains("ratio", "active")
    def _check_above_dealers(self):
        """Every dealer's ratio < every level's ratio (domain.md §2)."""
        self._claim_order()
        for level in self.filtered("active"):
            # sudo: the order holds beyond what the user sees
            dealers_sudo = (
                self.env["crab.dealer"]
                .sudo()
                .search([("ratio", ">=", level.ratio)], order="ratio desc, code", limit=MAX_NAMED + 1)
            )
            if dealers_sudo:
                names = [
                    f"{dealer.display_name} ({ratio_words(self.env, dealer.ratio)})"
                    for dealer in dealers_sudo[:MAX_NAMED]
                ]
                title = self.env._(
                    "The price ratio of “%(level)s” (%(ratio)s) must be above that of every dealer. "
                    "These are not below it:",
                    level=level.name,
                    ratio=ratio_words(self.env, level.ratio),
                )
                raise ValidationError("\n".join([title, *names, *(["…"] if len(dealers_sudo) > MAX_NAMED else [])]))

    @api.constrains("active")
    def _check_unused(self):
        archived = self.filtered(lambda level: not level.active)
        # sudo: every member counts, seen or not
        used_sudo = self.env["crab.member"].sudo().search([("level_id", "in", archived.ids)], limit=1)
        if used_sudo:
            raise ValidationError(
                self.env._("“%(level)s” still has members. Change their level first.", level=used_sudo.level_id.name)
            )

    # ------------------------------------------------------------------ CRUD

    @api.model_create_multi
    def create(self, vals_list):
        for vals in vals_list:
            self._check_ratio_range(vals.get("ratio", 1.0))
        levels = super().create([{**vals, "name": str(vals.get("name") or "").strip()} for vals in vals_list])
        levels._log_ratios({}, self.env._("First ratio"))
        return levels

    def write(self, vals):
        if GUARDED & vals.keys():
            raise UserError(self.env._("Use the buttons of the level, which check the dealers and keep the history."))
        if vals.get("name"):
            vals = {**vals, "name": str(vals["name"]).strip()}
        return super().write(vals)

    def _write_guarded(self, vals):
        """Write guarded fields: for the named methods of this model only."""
        if "ratio" in vals:
            self._check_ratio_range(vals["ratio"])
        return super().write(vals)

    @api.model
    def _check_ratio_range(self, ratio):
        """:raise ValidationError: before the table's own check speaks, which a flush may wake anywhere"""
        if not 0 < ratio_points(ratio) <= 10000:
            raise ValidationError(self.env._("A level's price ratio is above 0 and at most 1."))

    def copy_data(self, default=None):
        vals_list = super().copy_data(default=default)
        for level, vals in zip(self, vals_list, strict=True):
            vals["name"] = (default or {}).get("name") or self.env._("%(name)s (copy)", name=level.name)
            vals["ratio"] = level.ratio
        return vals_list

    @api.ondelete(at_uninstall=False)
    def _unlink_except_used(self):
        if any(level.is_default for level in self):
            raise UserError(self.env._("The base level cannot be deleted. Make another level the base level first."))
        history_sudo = self.env[
            "crab.member.level.history"
        ].sudo()  # sudo: history counts whether or not the user sees it
        for level in self:
            if level.sudo().member_ids or history_sudo.search_count(
                ["|", ("from_level_id", "=", level.id), ("to_level_id", "=", level.id)], limit=1
            ):
                raise UserError(
                    self.env._("“%(level)s” has or had members and is kept. Archive it instead.", level=level.name)
                )

    # ------------------------------------------------------------------ actions

    def action_change_ratio(self):
        """Ask for the new ratio and the reason."""
        self.ensure_one()
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Change price ratio"),
            "res_model": "crab.member.level.change.ratio",
            "view_mode": "form",
            "target": "new",
            "context": {"default_level_id": self.id},
        }

    def action_make_default(self):
        """Make this the level of who registers without an invitation to another one."""
        self.ensure_one()
        self.check_access("write")
        if not self.active:
            raise UserError(self.env._("Unarchive the level first."))
        previous = self._default()
        previous._write_guarded({"is_default": False})
        previous.flush_recordset()
        self._write_guarded({"is_default": True})

    def action_new_invite_code(self):
        """Links and QR pictures of this level that were given out so far stop working."""
        self.check_access("write")
        for level in self:
            level._write_guarded({"invite_code": new_code()})
            level.message_post(body=self.env._("All invitations to this level given out before are void."))

    def action_open_members(self):
        """The members of this level."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_member.crab_member_action")
        return {**action, "domain": [("level_id", "=", self.id)], "context": {"default_level_id": self.id}}

    # ------------------------------------------------------------------ business

    @api.model
    def _default(self):
        """The base level, in sudo."""
        return self.sudo().search([("is_default", "=", True)])

    @api.model
    def _claim_order(self):
        """Lock and mark the row that stands for "dealers < levels".

        Of two who change ratios at once, one is restarted and sees what the other did.
        """
        base_sudo = self._default()
        if lock_rows(base_sudo):
            self.env.cr.execute(
                SQL("UPDATE crab_member_level SET is_default = is_default WHERE id = ANY(%s)", list(base_sudo.ids))
            )

    def _rank(self):
        """Sort key: higher levels are greater."""
        return (-ratio_points(self.ratio), self.sequence, self.id)

    def _set_ratio(self, ratio, reason):
        """Change the price ratio for new documents; the old one stays in the history.

        :raise UserError: without a reason, or naming the dealers who would no longer be below it; nothing changed
        """
        self.ensure_one()
        if not (reason or "").strip():
            raise UserError(self.env._("Enter a reason."))
        lock_rows(self)
        before = {self.id: self.ratio}
        if ratio_points(ratio) == ratio_points(self.ratio):
            raise UserError(
                self.env._(
                    "“%(level)s” already has the price ratio %(ratio)s.",
                    level=self.name,
                    ratio=ratio_words(self.env, ratio),
                )
            )
        self._write_guarded({"ratio": ratio})
        self.flush_recordset()
        self._log_ratios(before, reason.strip())

    def _log_ratios(self, before, reason):
        self.env["crab.member.level.ratio"]._log(
            [
                {"level_id": level.id, "ratio_before": before.get(level.id, 0), "ratio": level.ratio, "reason": reason}
                for level in self
            ]
        )
