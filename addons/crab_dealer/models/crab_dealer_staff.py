from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.crab_base.tools.subject import Subject

from .crab_dealer import RATIO_DIGITS, ratio_points


class CrabDealerStaff(models.Model):
    """A person who works for a dealer: has a login, brings members, gets a share of the earnings on them."""

    _name = "crab.dealer.staff"
    _description = "Dealer staff"
    _inherit = ["crab.subject.mixin", "crab.public.id.mixin", "crab.invite.mixin", "mail.thread"]
    _order = "dealer_id, name"
    _rec_names_search = ["name", "phone"]

    dealer_id = fields.Many2one(
        "crab.dealer", required=True, index=True, ondelete="restrict", domain="[('state', '=', 'active')]"
    )
    level1_id = fields.Many2one(related="dealer_id.level1_id", store=True, index=True)
    account_id = fields.Many2one("crab.account", "Account", required=True, index=True, ondelete="restrict", copy=False)
    name = fields.Char(index="trigram", help="As the dealer knows the person, who may call themselves otherwise.")
    phone = fields.Char(compute="_compute_contact", store=True, readonly=False, index="trigram", help="The login.")
    commission_ratio = fields.Float(
        digits=RATIO_DIGITS,
        tracking=True,
        aggregator=None,
        help="Share of the dealer's earning on members that this person invited; a change holds for later orders.",
    )
    ratio_ids = fields.One2many("crab.dealer.staff.ratio", "staff_id", "Commission history", readonly=True)
    joined_date = fields.Date("Since", default=fields.Date.context_today, required=True)
    active = fields.Boolean("Working", default=True, tracking=True)

    _account_uniq = models.UniqueIndex("(account_id) WHERE active", "This person already works for a dealer.")
    _commission_range = models.Constraint(
        "CHECK(commission_ratio >= 0 AND commission_ratio <= 1)", "A commission ratio lies between 0 and 1."
    )

    @api.depends("account_id.phone")
    def _compute_contact(self):
        for staff in self:
            if staff.account_id:  # a new one keeps what was typed until its account exists
                staff.phone = staff.account_id.sudo().phone  # sudo: who sees the staff sees its phone, not the account

    @api.depends("name", "dealer_id.name")
    def _compute_display_name(self):
        for staff in self:
            staff.display_name = f"{staff.name} · {staff.dealer_id.name}" if staff.dealer_id else staff.name

    # ------------------------------------------------------------------ CRUD

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")  # before anything is said about persons and dealers who exist
        vals_list = [dict(vals) for vals in vals_list]
        self.env["crab.dealer"].browse({vals.get("dealer_id") for vals in vals_list} - {None, False})._ensure_active()
        without = [vals for vals in vals_list if not vals.get("account_id")]
        for vals in without:
            if not str(vals.get("name") or "").strip() or not vals.get("phone"):
                raise ValidationError(self.env._("Enter name and phone number of the staff member."))
        accounts = self.env["crab.account"]._get_or_create(
            [{"name": str(vals["name"]).strip(), "phone": vals["phone"]} for vals in without]
        )
        for vals, account in zip(without, accounts, strict=True):
            vals["account_id"] = account.id
        self._refuse_employed([vals["account_id"] for vals in vals_list if vals.get("active", True)])
        for vals in vals_list:
            account_sudo = self.env["crab.account"].sudo().browse(vals["account_id"])  # sudo: as for the phone
            vals["name"] = str(vals.get("name") or "").strip() or account_sudo.name
            vals.pop("phone", None)
        staff = super().create(vals_list)
        staff._log_commission({})
        return staff

    def write(self, vals):
        if {"dealer_id", "account_id", "level1_id", "invite_code"} & vals.keys() and not self.env.su:
            raise UserError(self.env._("A staff member stays with its dealer. Archive this one and add a new one."))
        if "phone" in vals:
            raise UserError(self.env._("The phone number is the person's login. Change it in the account."))
        vals = dict(vals)
        name = str(vals.pop("name", None) or "").strip()
        if name:
            vals["name"] = name
        if vals.get("active"):
            self.dealer_id._ensure_active()
            self._refuse_employed(self.filtered(lambda staff: not staff.active).account_id.ids)
        # who comes back begins anew: a login that was under way when the job ended does not count either
        changing = self.filtered(lambda staff: "active" in vals and staff.active != bool(vals["active"]))
        before = {staff.id: staff.commission_ratio for staff in self} if "commission_ratio" in vals else {}
        result = super().write(vals) if vals else self.check_access("write") or True
        # of this job only, as any dealer may add and remove anybody
        changing.account_id._end_sessions("staff", changing.ids)
        if before:
            changed = self.filtered(
                lambda staff: ratio_points(staff.commission_ratio) != ratio_points(before[staff.id])
            )
            self.flush_recordset()
            changed._log_commission(before)
        return result

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ever(self):
        raise UserError(self.env._("Dealer staff are archived, not deleted: members and settlements refer to them."))

    def copy_data(self, default=None):
        raise UserError(self.env._("A staff member has a login of its own and cannot be duplicated."))

    # ------------------------------------------------------------------ business

    def _is_working(self):
        """Whether this person may act for its dealer now; False for an empty record."""
        return bool(self) and self.active and self.dealer_id.state == "active"

    @api.model
    def _subject_domain(self, subject: Subject):
        """A dealer sees its own staff, not that of its subtree; staff see themselves."""
        if subject.kind == "staff":
            return Domain("id", "in", self._asking(subject).ids)
        return Domain("dealer_id", "in", self.env["crab.dealer"]._asking(subject).ids)

    @api.model
    def _asking(self, subject):
        """The working member of staff that ``subject`` is, in sudo; empty for everybody else."""
        staff_sudo = subject.bind(self.sudo().browse())  # the subject has no Odoo user
        if subject.kind != "staff":
            return staff_sudo
        working = [("active", "=", True), ("dealer_id.state", "=", "active")]
        return staff_sudo.search([("id", "=", subject.id), *working])

    @api.model
    def _add_for_subject(self, subject: Subject, name, phone, commission_ratio=0.0):
        """A dealer adds a staff login (CH-03).

        Whoever has that phone already keeps their name to themselves: the dealer reads the one it gave.

        :raise AccessError: (403) for anyone but a dealer
        :raise UserError: when the person already works for a dealer, or the dealer is closed
        """
        self._need_dealer(subject)
        staff_sudo = subject.bind(self.sudo())  # sudo: the subject has no Odoo user
        return staff_sudo.create(
            {"dealer_id": subject.id, "name": name, "phone": phone, "commission_ratio": commission_ratio}
        )

    @api.model
    def _set_commission_for_subject(self, subject: Subject, staff_id, commission_ratio):
        """A dealer changes the share of one of its staff from now on (CH-04)."""
        self._need_dealer(subject)
        staff = self._get_for_subject(subject, [staff_id])
        staff.write({"commission_ratio": commission_ratio})
        return staff

    @api.model
    def _archive_for_subject(self, subject: Subject, staff_id):
        """A dealer removes one of its staff: the login ends, members stay with the dealer, history stays (CH-03)."""
        self._need_dealer(subject)
        staff = self._get_for_subject(subject, [staff_id])
        staff.write({"active": False})
        return staff

    @api.model
    def _reinstate_for_subject(self, subject: Subject, staff_id):
        """A dealer takes one of its former staff back: the login works again.

        :raise UserError: when the person works for a dealer meanwhile
        """
        self._need_dealer(subject)
        staff = self.with_context(active_test=False)._get_for_subject(subject, [staff_id])
        staff = staff.with_context(active_test=True)  # only those who work somewhere are in the way
        if not staff.active:
            staff.write({"active": True})
        return staff

    def _need_dealer(self, subject):
        if subject.kind != "dealer":
            raise AccessError(self.env._("Only the dealer manages its staff."))

    @api.private
    def _refuse_employed(self, account_ids):
        """:raise UserError: when one of these accounts works for a dealer already, or twice in the list"""
        employed = self.sudo().search([("account_id", "in", account_ids)], limit=1)  # sudo: beyond what the user sees
        twice = len(set(account_ids)) != len(account_ids)
        if employed or twice:
            # not the name: a dealer may have typed the number of a stranger
            phone = (employed.account_id or self.env["crab.account"].sudo().browse(account_ids[0])).phone
            raise UserError(self.env._("The person with the number %(phone)s already works for a dealer.", phone=phone))

    def _log_commission(self, before):
        """One history line per staff member. ``before``: ratio by id, none for new ones."""
        self.env["crab.dealer.staff.ratio"]._log(
            [
                {
                    "staff_id": staff.id,
                    "ratio_before": before.get(staff.id, 0),
                    "ratio": staff.commission_ratio,
                }
                for staff in self
            ]
        )
