from datetime import timedelta

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain

from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.subject import Subject

from .crab_dealer import GUARD, LEVELS, RATIO_DIGITS, TYPES, TYPES_OF_LEVEL

FORM_FIELDS = {
    "name", "contact_name", "phone", "level", "dealer_type", "is_offline", "is_online", "agreement_version", "note",
    "province_id", "city_id", "district_id", "street", "latitude", "longitude",
}  # fmt: skip

BLANK = "*"  # what stands in place of a name or number
KEEP_DAYS = 1095  # of what rejected applicants told of themselves: three years

# written by the invitation, the application form and the buttons only
DECIDED = {
    "state",
    "dealer_id",
    "reject_reason",
    "invitation_id",
    "source",
    "agreement_version",
    "agreement_at",
    "decided_by_id",
    "decided_at",
}


class CrabDealerApplication(models.Model):
    """Somebody wants to become a dealer; head office approves or rejects (HQ-08)."""

    _name = "crab.dealer.application"
    _description = "Dealer application"
    _inherit = [
        "crab.subject.mixin",
        "crab.public.id.mixin",
        "crab.address.mixin",
        "mail.thread",
        "mail.activity.mixin",
    ]
    _order = "id desc"

    name = fields.Char("Dealer name", required=True, tracking=True)
    contact_name = fields.Char("Contact person", required=True)
    phone = fields.Char(required=True, tracking=True)
    source = fields.Selection(
        [("office", "Entered by head office"), ("form", "Application form"), ("invitation", "Invitation")],
        required=True,
        default="office",
        readonly=True,
    )
    invitation_id = fields.Many2one(
        "crab.dealer.invitation", "Invitation", readonly=True, index="btree_not_null", ondelete="restrict"
    )
    level = fields.Selection(LEVELS, required=True, default="1", tracking=True)
    dealer_type = fields.Selection(
        TYPES, "Type", compute="_compute_dealer_type", store=True, precompute=True, readonly=False, tracking=True
    )
    parent_id = fields.Many2one(
        "crab.dealer",
        "Parent dealer",
        tracking=True,
        index="btree_not_null",
        ondelete="restrict",
        domain="[('level', '<', level), ('state', '=', 'active')]",
    )
    ratio = fields.Float("Price ratio", digits=RATIO_DIGITS, tracking=True, aggregator=None)
    is_offline = fields.Boolean("Offline dealing", default=True)
    is_online = fields.Boolean("Online distribution", default=True)
    agreement_version = fields.Char(
        "Agreement accepted", readonly=True, help="Version of the supplier agreement that the applicant accepted."
    )
    agreement_at = fields.Datetime("Accepted at", readonly=True)
    note = fields.Text("Notes")
    state = fields.Selection(
        [("new", "New"), ("approved", "Approved"), ("rejected", "Rejected")],
        required=True,
        default="new",
        readonly=True,
        tracking=True,
        index=True,
        copy=False,
    )
    reject_reason = fields.Char("Reason of rejection", readonly=True, copy=False)
    dealer_id = fields.Many2one(
        "crab.dealer", "Dealer", readonly=True, index="btree_not_null", copy=False, ondelete="set null"
    )
    decided_by_id = fields.Many2one("res.users", "Decided by", readonly=True, copy=False)
    decided_at = fields.Datetime(readonly=True, copy=False)

    _phone_uniq = models.UniqueIndex(
        "(phone) WHERE state = 'new'", "An application with this phone number is already waiting for a decision."
    )

    @api.depends("level")
    def _compute_dealer_type(self):
        for application in self:
            fitting = TYPES_OF_LEVEL.get(application.level, ())
            if application.dealer_type not in fitting:
                application.dealer_type = fitting[0] if len(fitting) == 1 else False

    # ------------------------------------------------------------------ CRUD

    @api.model_create_multi
    def create(self, vals_list):
        clean = self.env["crab.account"]._clean_phone
        return super().create(
            [{**vals, **({"phone": clean(vals["phone"])} if vals.get("phone") else {})} for vals in vals_list]
        )

    def write(self, vals):
        if self.env.context.get("crab_guard") is GUARD:
            return super().write(vals)
        if DECIDED & vals.keys():
            raise UserError(self.env._("Approve or reject the application with its buttons."))
        if any(application.state != "new" for application in self) and vals.keys() - {"note"}:
            raise UserError(self.env._("This application is decided and can no longer be changed."))
        if vals.get("phone"):
            vals = {**vals, "phone": self.env["crab.account"]._clean_phone(vals["phone"])}
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_except_decided(self):
        if any(application.state != "new" or application.source != "office" for application in self):
            raise UserError(self.env._("Applications of others and decided ones are kept. Reject this one instead."))

    # ------------------------------------------------------------------ actions

    def action_approve(self):
        """Make the dealers and open the one, if it is one."""
        self.check_access("write")
        dealers = self._set_approved()
        return dealers._get_records_action() if len(dealers) == 1 else True

    def action_reject(self):
        """Ask for the reason, then reject."""
        self._need_new()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("crab_dealer.crab_dealer_application_reject_action"),
            "context": {"default_application_ids": self.ids},
        }

    def action_open_dealer(self):
        """The dealer that this application became."""
        return self.dealer_id._get_records_action()

    # ------------------------------------------------------------------ business

    def _set_approved(self):
        """Make dealers of new applications, in sets.

        :raise UserError: when one is decided already, incomplete or breaks a rule of the network; nothing changed
        :return: the dealers
        """
        lock_rows(self)
        self._need_new()
        for application in self:
            if not application.dealer_type or not application.ratio:
                raise UserError(
                    self.env._("Enter type and price ratio of %(name)s before approving.", name=application.name)
                )
        dealers = self.env["crab.dealer"].create([application._prepare_dealer_vals() for application in self])
        for application, dealer in zip(self, dealers, strict=True):
            application._write_guarded({"dealer_id": dealer.id})
        self._write_guarded({"state": "approved", "decided_by_id": self.env.uid, "decided_at": fields.Datetime.now()})
        return dealers

    def _set_rejected(self, reason):
        """Reject new applications.

        :raise UserError: when one is decided already, or without a reason
        """
        if not (reason or "").strip():
            raise UserError(self.env._("Enter a reason."))
        lock_rows(self)
        self._need_new()
        self._write_guarded(
            {
                "state": "rejected",
                "reject_reason": reason.strip(),
                "decided_by_id": self.env.uid,
                "decided_at": fields.Datetime.now(),
            }
        )

    def _write_guarded(self, vals):
        """Write what was decided: for the named methods only."""
        result = self.with_context(crab_guard=GUARD).write(vals)
        self.flush_recordset(["state"])  # the unique index of waiting applications must see it
        return result

    def _blank_person(self):
        """Of decided applications contact, phone and address go for ever, of rejected ones the name too. In sudo."""
        decided = self.filtered(lambda application: application.state != "new").with_context(tracking_disable=True)
        decided._write_guarded(
            {
                "contact_name": BLANK,
                "phone": BLANK,
                "street": False,
                "latitude": False,
                "longitude": False,
                "note": False,
            }
        )
        rejected = decided.filtered(lambda application: application.state == "rejected")
        rejected._write_guarded({"name": BLANK, "reject_reason": BLANK})
        decided.message_ids.unlink()  # they tell the old name and number

    @api.autovacuum
    def _gc_rejected(self):
        before = fields.Datetime.now() - timedelta(days=KEEP_DAYS)
        self.search(
            [("state", "=", "rejected"), ("decided_at", "<", before), ("phone", "!=", BLANK)], limit=1000
        )._blank_person()

    def _need_new(self):
        decided = self.filtered(lambda application: application.state != "new")
        if decided:
            raise UserError(self.env._("The application of %(name)s is already decided.", name=decided[0].name))

    def _prepare_dealer_vals(self):
        """Values of the dealer that an application becomes."""
        self.ensure_one()
        return {
            "name": self.name,
            "contact_name": self.contact_name,
            "phone": self.phone,
            "level": self.level,
            "dealer_type": self.dealer_type,
            "parent_id": self.parent_id.id,
            "ratio": self.ratio,
            "is_offline": self.is_offline,
            "is_online": self.is_online,
            "province_id": self.province_id.id,
            "city_id": self.city_id.id,
            "district_id": self.district_id.id,
            "street": self.street,
            "latitude": self.latitude,
            "longitude": self.longitude,
            "note": self.note,
        }

    @api.model
    def _apply(self, values, invitation_code=None):
        """An application from outside: by the form, or by an invitation, which gives level, parent and ratio.

        :param values: those of ``FORM_FIELDS``; everything else is refused
        :raise UserError: for an invitation that cannot be used, a wrong phone, or one that already waits for a decision
        :return: the application, in sudo
        """
        unknown = values.keys() - FORM_FIELDS
        if unknown:
            raise ValidationError(self.env._("Unknown fields: %(names)s", names=", ".join(sorted(unknown))))
        applications_sudo = self.sudo()  # sudo: applicants have no user
        values = dict(values, source="form")
        if invitation_code:
            invitation_sudo = self.env["crab.dealer.invitation"]._take(invitation_code)
            values.update(
                source="invitation",
                invitation_id=invitation_sudo.id,
                level=invitation_sudo.level,
                parent_id=invitation_sudo.dealer_id.id,
                ratio=invitation_sudo.ratio,
                dealer_type=TYPES_OF_LEVEL[invitation_sudo.level][0],
            )
        if values.get("agreement_version"):
            values["agreement_at"] = fields.Datetime.now()
        values["phone"] = self.env["crab.account"]._clean_phone(values.get("phone"))
        if not values["phone"]:
            raise ValidationError(self.env._("A phone number is missing."))
        if applications_sudo.search_count([("phone", "=", values["phone"]), ("state", "=", "new")], limit=1):
            raise UserError(self.env._("An application with this phone number is already waiting for a decision."))
        return applications_sudo.create(values)

    @api.model
    def _subject_domain(self, subject: Subject):
        """A dealer sees the applications that came by its invitations."""
        return Domain("invitation_id.dealer_id", "in", self.env["crab.dealer"]._asking(subject).ids)
