from odoo import api, fields, models

from odoo.addons.crab_base.tools.subject import names_of_subjects

from ..tools.loose_many2one import LooseMany2one
from .crab_card import HOLDER_KINDS, STATES


class CrabCardEvent(models.Model):
    _name = "crab.card.event"
    _inherit = ["crab.chain.mixin"]
    _log_access = False  # actor and time are facts of the line itself
    _description = "History of a card number"
    _order = "card_id, sequence"
    _chain_parent = "card_id"
    _chain_columns = (
        "event",
        "state_from",
        "state_to",
        "holder_kind_from",
        "holder_id_from",
        "holder_kind_to",
        "holder_id_to",
        "amount",
        "note",
    )

    card_id = LooseMany2one("crab.card", string="Number", required=True, readonly=True)
    event = fields.Selection(
        [
            ("import", "Imported"),
            ("generate", "Generated"),
            ("sell", "Made for a sale"),
            ("reserve", "Put into transit"),
            ("release", "Released from transit"),
            ("hand_over", "Handed over"),
            ("activate", "Activated"),
            ("deactivate", "Made inactive"),
            ("use", "Redeemed"),
            ("unuse", "Redemption cancelled"),
            ("cancel", "Cancelled"),
            ("bind", "Bound to a member"),
            ("vip", "Marked as VIP"),
            ("unvip", "VIP mark removed"),
            ("extend", "Validity changed"),
            ("merge", "Holder merged"),
            ("renew", "New password list"),
        ],
        required=True,
        readonly=True,
    )
    state_from = fields.Selection(STATES, string="State before", readonly=True)
    state_to = fields.Selection(STATES, string="State after", readonly=True)
    holder_kind_from = fields.Selection(HOLDER_KINDS, string="Held before by", readonly=True)
    holder_id_from = fields.Integer("Id of holder before", readonly=True)
    holder_kind_to = fields.Selection(HOLDER_KINDS, string="Held after by", readonly=True)
    holder_id_to = fields.Integer("Id of holder after", readonly=True)
    currency_id = fields.Many2one(related="card_id.company_id.currency_id")
    amount = fields.Monetary("Charged", readonly=True)
    note = fields.Char(readonly=True)
    holder_from = fields.Char("Holder before", compute="_compute_holders")
    holder_to = fields.Char("Holder after", compute="_compute_holders")
    actor_name = fields.Char("By", compute="_compute_actor_name")
    document_name = fields.Char("Document name", compute="_compute_document_name")

    @api.model
    def _names(self, pairs):
        """``{(model, id): display name}`` of records that may no longer exist or not be readable for the user."""
        by_model = {}
        for model, record_id in pairs:
            if model in self.env and record_id:
                by_model.setdefault(model, set()).add(record_id)
        names = {}
        for model, ids in by_model.items():
            records_sudo = self.env[model].sudo().browse(ids).exists()  # names in a history one may read are no secret
            names.update({(model, record.id): record.display_name for record in records_sudo})
        return names

    @api.depends("holder_kind_from", "holder_id_from", "holder_kind_to", "holder_id_to")
    def _compute_holders(self):
        labels = dict(self._fields["holder_kind_to"]._description_selection(self.env))
        models_by_kind = {"dealer": "crab.dealer", "member": "crab.member"}
        names = self._names(
            (models_by_kind.get(line[kind]), line[holder])
            for line in self
            for kind, holder in (("holder_kind_from", "holder_id_from"), ("holder_kind_to", "holder_id_to"))
        )
        for line in self:
            for side in ("from", "to"):
                kind, holder_id = line[f"holder_kind_{side}"], line[f"holder_id_{side}"]
                line[f"holder_{side}"] = names.get((models_by_kind.get(kind), holder_id)) or labels.get(kind)

    @api.depends("actor_kind", "actor_id")
    def _compute_actor_name(self):
        names = names_of_subjects(self.env, ((line.actor_kind, line.actor_id) for line in self))
        for line in self:
            line.actor_name = names.get((line.actor_kind, line.actor_id)) or self.env._("System")

    @api.depends("document_model", "document_id")
    def _compute_document_name(self):
        names = self._names((line.document_model, line.document_id) for line in self)
        for line in self:
            line.document_name = names.get((line.document_model, line.document_id))

    def action_open_document(self):
        """Open the document that caused the line, with the user's own rights."""
        self.ensure_one()
        if not self.document_id or self.document_model not in self.env:
            return False
        return self.env[self.document_model].browse(self.document_id).get_formview_action()
