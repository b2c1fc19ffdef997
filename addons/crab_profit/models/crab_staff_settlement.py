from psycopg2 import errors

from odoo import api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, LockError, UserError

from odoo.addons.crab_base.tools.money import dec, round_cents
from odoo.addons.crab_base.tools.subject import Subject


class CrabStaffSettlement(models.Model):
    """A dealer paid one of its staff and marked it (CH-05): who, when, how much. The platform takes no part, head
    office looks them up (HQ-16). Lines are only added.

    The lines of a person are numbered without gap; the unique number is what two markings at once meet at.
    """

    _name = "crab.staff.settlement"
    _description = "Settlement with dealer staff"
    _inherit = ["crab.public.id.mixin", "crab.subject.mixin"]
    _order = "id desc"
    _rec_name = "number"

    staff_id = fields.Many2one("crab.dealer.staff", "Staff", required=True, readonly=True, ondelete="restrict")
    dealer_id = fields.Many2one(related="staff_id.dealer_id", store=True, index=True)
    number = fields.Integer(
        "Settlement no.", required=True, readonly=True, aggregator=None, help="The how many-th of this person."
    )
    currency_id = fields.Many2one("res.currency", required=True, readonly=True)
    amount = fields.Monetary(required=True, readonly=True)
    amount_before = fields.Monetary("To settle before", required=True, readonly=True, aggregator=None)
    settled_at = fields.Datetime("Settled on", required=True, readonly=True, default=fields.Datetime.now)
    note = fields.Char(readonly=True)
    actor_kind = fields.Char(required=True, readonly=True)
    actor_id = fields.Integer(required=True, readonly=True)
    author = fields.Char("By", required=True, readonly=True)
    key = fields.Char(readonly=True)

    _number_uniq = models.Constraint("UNIQUE(staff_id, number)", "Settlements of a person are numbered.")
    _key_uniq = models.UniqueIndex("(staff_id, key) WHERE key IS NOT NULL", "This settlement was marked already.")
    _amount_check = models.Constraint("CHECK (amount > 0)", "A settlement settles something.")

    @api.model_create_multi
    def create(self, vals_list):
        if not self.env.su:
            raise AccessError(self.env._("Settlements with staff are marked by the dealer."))
        return super().create(vals_list)

    def write(self, vals):  # pylint: disable=method-required-super
        self.check_access("write")
        raise UserError(self.env._("Settlements with staff are only added."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Settlements with staff are only added."))

    @api.model
    def _subject_domain(self, subject: Subject):
        """Staff see their own; the dealer those of its staff."""
        domain = super()._subject_domain(subject)
        staff_sudo = self.env["crab.dealer.staff"].with_context(active_test=False)._for_subject(subject)
        return domain | fields.Domain("staff_id", "in", staff_sudo.ids)

    @api.model
    def _settle_for_subject(self, subject: Subject, staff_id, amount=None, note=None, key=None):
        """A dealer marks what it paid to one of its staff, also to one who has left.

        :param amount: Decimal in yuan, at most what is to settle; None for all of it
        :param str key: idempotency key, per person and for ever
        :raise AccessError: (403) for anyone but a dealer
        :raise MissingError: (404) for the staff of others
        :raise UserError: more than is to settle; nothing is marked then
        :return: the settlement in sudo; for a repeated key the one marked first
        """
        if subject.kind != "dealer":
            raise AccessError(self.env._("Settlements with staff are marked by the dealer."))
        staff_sudo = self.env["crab.dealer.staff"].with_context(active_test=False)
        staff_sudo = staff_sudo._get_for_subject(subject, [staff_id])
        settlements_sudo = subject.bind(self.sudo())  # the subject has no Odoo user
        known = settlements_sudo.search([("staff_id", "=", staff_sudo.id)], order="number desc")
        repeated = known.filtered(lambda settlement: key and settlement.key == key)
        if repeated:
            if amount is not None and dec(amount) != dec(repeated.amount):
                raise LockError(self.env._("This request was sent before with other content."))
            return repeated
        to_settle = staff_sudo._earning_figures()[staff_sudo.id]["to_settle"]
        amount = to_settle if amount is None else dec(amount)
        if amount != round_cents(amount):
            raise UserError(self.env._("An amount has at most two decimals."))
        if not 0 < amount <= to_settle:
            raise UserError(self.env._("At most %(amount)s yuan are to settle.", amount=f"{max(to_settle, 0):,.2f}"))
        values = {
            "staff_id": staff_sudo.id,
            "number": (known[:1].number or 0) + 1,
            "currency_id": self.env["res.company"]._crab_company("sales").sudo().currency_id.id,  # no secret
            "amount": amount,
            "amount_before": to_settle,
            "note": (note or "").strip() or False,
            **settlements_sudo.env["crab.log.mixin"]._author_values(),
            "key": key,
        }
        try:
            with self.env.cr.savepoint():
                return settlements_sudo.create(values)
        except errors.UniqueViolation as exc:
            raise ConcurrencyError("another settlement of this person was marked meanwhile") from exc
