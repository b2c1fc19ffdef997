from odoo import api, fields, models
from odoo.fields import Domain
from odoo.tools import SQL


class ResPartner(models.Model):
    """Every person and organisation of the suite is a partner: the sales team sees those of its own networks only."""

    _inherit = "res.partner"

    crab_is_in_sight = fields.Boolean(
        "In sight", compute="_compute_crab_is_in_sight", search="_search_crab_is_in_sight", compute_sudo=True
    )

    @api.depends_context("uid")
    def _compute_crab_is_in_sight(self):
        domain = Domain("id", "in", self.ids) & Domain("crab_is_in_sight", "=", True)
        seen = self.with_context(active_test=False).search(domain)
        for partner in self:
            partner.crab_is_in_sight = partner._origin in seen

    @api.model
    def _search_crab_is_in_sight(self, operator, value):
        if operator != "in":
            return NotImplemented
        in_sight = Domain.custom(
            to_sql=lambda _model, alias, _query: SQL(
                "(NOT (%s) OR %s)",
                self._crab_is_of(self._crab_parties(), alias),
                self._crab_is_of(self._crab_parties_in_sight(), alias),
            )
        )
        domains = {True: in_sight, False: ~in_sight}
        return Domain.OR(domains[wanted] for wanted in {bool(item) for item in value})

    @api.model
    def _crab_is_of(self, queries, alias):
        """Whether one of the queries, of models with a ``partner_id``, holds the partner of this row."""
        conditions = []
        for query in queries:
            query.add_where(SQL("%s = %s", SQL.identifier(query.table, "partner_id"), SQL.identifier(alias, "id")))
            conditions.append(SQL("EXISTS (%s)", query.select()))
        return SQL("(%s)", SQL(" OR ").join(conditions))

    @api.model
    def _crab_parties(self):
        """Queries of all dealers, members and other persons outside the back office."""
        # sudo: a party is one, seen or not
        return [self.env["crab.account"].sudo()._search([]), self.env["crab.dealer"].sudo()._search([])]

    @api.model
    def _crab_parties_in_sight(self):
        """Hook: the same as far as the user sees them by its own rights."""
        dealers = self.env["crab.dealer"].with_user(self.env.uid)
        staff = self.env["crab.dealer.staff"].with_user(self.env.uid).with_context(active_test=False)
        contacts = Domain.OR(
            Domain("id", "in", query.subselect(SQL.identifier(query.table, "account_id")))
            for query in (dealers._search([]), staff._search([]))
        )
        # sudo: whoever sees a dealer or its staff sees the person
        return [dealers._search([]), self.env["crab.account"].sudo()._search(contacts)]
