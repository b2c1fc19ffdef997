from odoo import api, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.subject import Subject

from .crab_dealer import ratio_points, ratio_words


class CrabDealer(models.Model):
    """The price ratio: its order in the network, who may change it, its history."""

    _inherit = "crab.dealer"  # pylint: disable=consider-merging-classes-inherited  # a file per concern

    # ------------------------------------------------------------------ order

    @api.constrains("ratio", "parent_id")
    def _check_ratio_order(self):
        """parent < own < every member level's ratio; all of it strict, closed dealers included (HQ-06)."""
        ceiling = self._ratio_ceiling()
        for dealer in self:
            parent = dealer.parent_id
            if parent and ratio_points(dealer.ratio) <= ratio_points(parent.ratio):
                raise ValidationError(
                    self.env._(
                        "The price ratio of %(dealer)s (%(ratio)s) must be above that of its parent "
                        "%(parent)s (%(parent_ratio)s).",
                        dealer=dealer.display_name,
                        ratio=ratio_words(self.env, dealer.ratio),
                        parent=parent.display_name,
                        parent_ratio=ratio_words(self.env, parent.ratio),
                    )
                )
            if ratio_points(dealer.ratio) >= ratio_points(ceiling):
                raise ValidationError(
                    self.env._(
                        "The price ratio of %(dealer)s (%(ratio)s) must be below that of members "
                        "(%(who)s: %(ceiling)s).",
                        dealer=dealer.display_name,
                        ratio=ratio_words(self.env, dealer.ratio),
                        who=self._ratio_ceiling_name(),
                        ceiling=ratio_words(self.env, ceiling),
                    )
                )
        self._raise_for_children(
            lambda dealer, child: ratio_points(child.ratio) <= ratio_points(dealer.ratio),
            self.env._("These dealers below would no longer be above their parent's price ratio; change theirs first:"),
        )

    @api.model
    def _ratio_ceiling(self):
        """Hook: what every dealer's ratio must stay below: the lowest of the member levels; 1 (retail) without any."""
        return 1.0

    @api.model
    def _ratio_ceiling_name(self):
        """Hook: who has that lowest ratio, for messages."""
        return self.env._("retail price")

    def _ratio_bounds(self):
        """``(above, below)``, both exclusive: between these the ratio of this dealer may lie (CH-34)."""
        self.ensure_one()
        dealer_sudo = self.sudo()  # sudo: the order holds beyond what the subject sees
        return dealer_sudo.parent_id.ratio, min([*dealer_sudo.child_ids.mapped("ratio"), self._ratio_ceiling()])

    # ------------------------------------------------------------------ locks

    def _claim(self):
        """Lock these rows and mark them as changed: whoever decided on what they were before is restarted."""
        if lock_rows(self):
            self.env.cr.execute(SQL("UPDATE crab_dealer SET ratio = ratio WHERE id = ANY(%s)", list(self.ids)))

    def _claim_neighbours(self, *others):
        """``_claim`` these dealers with parents and children and the given ones."""
        dealers_sudo = self.sudo()  # sudo: the tree's order holds beyond what the user sees
        neighbours = dealers_sudo | dealers_sudo.parent_id | dealers_sudo.child_ids
        for other in others:
            neighbours |= other.sudo()
        neighbours._claim()

    # ------------------------------------------------------------------ ratio

    def _set_ratio(self, ratio, reason):
        """Change the price ratio for new documents; the old one stays in the history (HQ-06).

        :param ratio: above the parent's, below every child's and member level's
        :raise UserError: naming who would break the order; nothing changed
        """
        self.ensure_one()
        self._need_reason(reason)
        self._claim_neighbours()
        before = {self.id: self.ratio}
        if ratio_points(ratio) == ratio_points(self.ratio):
            raise UserError(
                self.env._(
                    "%(dealer)s already has the price ratio %(ratio)s.",
                    dealer=self.display_name,
                    ratio=ratio_words(self.env, ratio),
                )
            )
        self._write_guarded({"ratio": ratio})
        self.flush_recordset()
        self._log_ratios(before, reason.strip())

    @api.model
    def _set_ratio_for_subject(self, subject: Subject, dealer_id, ratio, reason):
        """``_set_ratio`` for a subject: head office for everybody, a dealer for its direct children only (CH-34).

        :raise MissingError: (404) for a dealer that the subject may not see
        :raise AccessError: (403) for one that it sees but whose ratio is not its to set
        """
        if subject.kind == "user":
            dealer = self.browse(dealer_id)
            dealer.check_access("write")
        elif subject.kind == "system":
            dealer = self.browse(dealer_id)
        else:
            dealer = self._get_for_subject(subject, [dealer_id])
            if subject.kind != "dealer" or dealer.parent_id.id != subject.id:
                raise AccessError(self.env._("A dealer sets the price ratio of its direct children only."))
        dealer._ensure_active()
        dealer._set_ratio(ratio, reason)
        return dealer

    def _log_ratios(self, before, reason):
        """One history line per dealer. ``before``: ratio by dealer id, none for new dealers."""
        self.env["crab.dealer.ratio"]._log(
            [
                {
                    "dealer_id": dealer.id,
                    "ratio_before": before.get(dealer.id, 0),
                    "ratio": dealer.ratio,
                    "reason": reason,
                }
                for dealer in self
            ]
        )
