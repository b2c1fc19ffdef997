from odoo import api, fields, models


class CrabDealer(models.Model):
    _inherit = "crab.dealer"

    member_ids = fields.One2many("crab.member", "dealer_id", "Members")
    member_count = fields.Integer("Number of members", compute="_compute_member_count")

    @api.depends("member_ids")
    def _compute_member_count(self):
        counts = dict(self.env["crab.member"]._read_group([("dealer_id", "in", self.ids)], ["dealer_id"], ["__count"]))
        for dealer in self:
            dealer.member_count = counts.get(dealer._origin, 0)

    @api.model
    def _lowest_level(self):
        # sudo: the order holds for levels whether or not the user sees them
        return self.env["crab.member.level"].sudo().search([], order="ratio, id", limit=1)

    @api.model
    def _ratio_ceiling(self):
        level_sudo = self._lowest_level()
        return level_sudo.ratio if level_sudo else super()._ratio_ceiling()

    @api.model
    def _ratio_ceiling_name(self):
        return self._lowest_level().name or super()._ratio_ceiling_name()

    @api.constrains("ratio", "parent_id")
    def _check_ratio_order(self):
        self.env["crab.member.level"]._claim_order()
        return super()._check_ratio_order()

    def _has_history(self):
        members = self.env["crab.member"]
        owned = self.env["crab.member.ownership"]
        return (
            super()._has_history()
            or bool(members.search_count([("dealer_id", "=", self.id)], limit=1))
            or bool(
                owned.search_count(["|", ("from_dealer_id", "=", self.id), ("to_dealer_id", "=", self.id)], limit=1)
            )
        )

    def action_open_members(self):
        """The members of this dealer."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_member.crab_member_action")
        return {**action, "domain": [("dealer_id", "=", self.id)], "context": {"default_dealer_id": self.id}}

    def action_level_invitation(self):
        """Link and QR picture by which this dealer invites to a level that head office opened."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_member.crab_member_invitation_action")
        return {**action, "context": {"default_dealer_id": self.id}}
