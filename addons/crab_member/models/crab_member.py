import unicodedata

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_account.tools.phone import normalise as normalise_phone
from odoo.addons.crab_base.models.crab_public_id_mixin import uuid7
from odoo.addons.crab_base.tools.rows import insert_like
from odoo.addons.crab_base.tools.subject import Subject
from odoo.addons.crab_base.tools.timezone import business_date
from odoo.addons.crab_dealer.models.crab_invite_mixin import new_code

# fields that change by named methods only, which check and write the history
GUARDED = {
    "number",
    "account_id",
    "partner_id",
    "level_id",
    "dealer_id",
    "staff_id",
    "inviter_id",
    "state",
    "merged_into_id",
    "invite_code",
    "public_id",
    "rule_tag_ids",
}
NEVER_GIVEN = {
    "partner_id",
    "state",
    "merged_into_id",
    "invite_code",
    "rule_tag_ids",
}  # follow from the rest, also on creation


class CrabMember(models.Model):
    """A person who buys and redeems: one account, one member (HQ-22, domain.md §3)."""

    _name = "crab.member"
    _description = "Member"
    _inherit = ["crab.subject.mixin", "crab.public.id.mixin", "crab.invite.mixin", "mail.thread"]
    _order = "id desc"
    _rec_names_search = ["number", "name", "phone"]

    number = fields.Char(
        "Member number", required=True, readonly=True, copy=False, index="trigram", help="Given by itself."
    )
    account_id = fields.Many2one("crab.account", "Account", required=True, ondelete="restrict", copy=False)
    partner_id = fields.Many2one(related="account_id.partner_id", store=True, index=True, related_sudo=True)
    name = fields.Char(
        "Full name", compute="_compute_contact", store=True, readonly=False, index="trigram", tracking=True
    )
    phone = fields.Char(compute="_compute_contact", store=True, readonly=False, index="trigram", help="The login.")
    level_id = fields.Many2one(
        "crab.member.level",
        "Level",
        required=True,
        index=True,
        ondelete="restrict",
        default=lambda self: self._default_level(),
    )
    level_ratio = fields.Float(related="level_id.ratio", string="Level's ratio", aggregator=None)
    dealer_id = fields.Many2one(
        "crab.dealer", "Owner dealer", index="btree_not_null", ondelete="restrict", domain="[('state', '=', 'active')]"
    )
    staff_id = fields.Many2one(
        "crab.dealer.staff",
        "Owner staff",
        index="btree_not_null",
        ondelete="restrict",
        domain="[('dealer_id', '=?', dealer_id)]",
        help="Set for members that the staff member invited directly.",
    )
    inviter_id = fields.Many2one("crab.member", "Invited by member", index="btree_not_null", ondelete="restrict")
    invited_ids = fields.One2many("crab.member", "inviter_id", "Invited members")
    invited_count = fields.Integer("Number of invited members", compute="_compute_invited_count")
    registered_date = fields.Date("Registered", required=True, index=True, default=lambda self: business_date())
    state = fields.Selection(
        [("active", "Active"), ("closed", "Closed")],
        required=True,
        default="active",
        readonly=True,
        copy=False,
        tracking=True,
        index=True,
    )
    merged_into_id = fields.Many2one(
        "crab.member", "Merged into", readonly=True, copy=False, index="btree_not_null", ondelete="restrict"
    )
    tag_ids = fields.Many2many("crab.member.tag", "crab_member_tag_rel", "member_id", "tag_id", "Tags")
    rule_tag_ids = fields.Many2many(
        "crab.member.tag",
        "crab_member_tag_rule_rel",
        "member_id",
        "tag_id",
        "Tags by rule",
        readonly=True,
        copy=False,
        help="Those of the tags that a rule gave; it takes them again from who no longer meets it.",
    )
    note = fields.Text("Notes")
    ownership_ids = fields.One2many("crab.member.ownership", "member_id", "Owners", readonly=True)
    ownership_count = fields.Integer("Number of owner changes", compute="_compute_ownership_count")
    level_history_ids = fields.One2many("crab.member.level.history", "member_id", "Levels", readonly=True)

    _number_uniq = models.Constraint("UNIQUE(number)", "This member number is in use.")
    _account_uniq = models.Constraint("UNIQUE(account_id)", "This person is a member already.")
    _not_own_inviter = models.Constraint("CHECK(inviter_id <> id)", "Nobody invites himself.")
    _staff_with_dealer = models.Constraint(
        "CHECK(staff_id IS NULL OR dealer_id IS NOT NULL)", "The owner staff belongs to the owner dealer."
    )
    _merged_closed = models.Constraint(
        "CHECK(merged_into_id IS NULL OR state = 'closed')", "A merged member is closed."
    )
    _dealer_registered_idx = models.Index("(dealer_id, registered_date DESC) WHERE dealer_id IS NOT NULL")

    # ------------------------------------------------------------------ compute

    @api.model
    def _default_level(self):
        return self.env["crab.member.level"]._default().with_env(self.env)

    @api.depends("account_id.name", "account_id.phone")
    def _compute_contact(self):
        for member in self:
            if member.account_id:  # a new member keeps what was typed until its account exists
                account_sudo = member.account_id.sudo()  # sudo: who sees the member sees its contact, not the account
                member.name, member.phone = account_sudo.name, account_sudo.phone

    @api.depends("number", "name")
    def _compute_display_name(self):
        for member in self:
            member.display_name = " ".join(filter(None, (member.number, member.name)))

    @api.depends("invited_ids")
    def _compute_invited_count(self):
        counts = dict(self._read_group([("inviter_id", "in", self.ids)], ["inviter_id"], ["__count"]))
        for member in self:
            member.invited_count = counts.get(member._origin, 0)

    @api.depends("ownership_ids")
    def _compute_ownership_count(self):
        counts = dict(
            self.env["crab.member.ownership"]._read_group([("member_id", "in", self.ids)], ["member_id"], ["__count"])
        )
        for member in self:
            member.ownership_count = counts.get(member._origin, 0)

    @api.onchange("staff_id")
    def _onchange_staff_id(self):
        if self.staff_id:
            self.dealer_id = self.staff_id.dealer_id

    @api.onchange("dealer_id")
    def _onchange_dealer_id(self):
        if self.staff_id.dealer_id != self.dealer_id:
            self.staff_id = False

    @api.onchange("inviter_id")
    def _onchange_inviter_id(self):
        if self.inviter_id and not self.dealer_id:
            self.dealer_id = self.inviter_id.dealer_id

    # ------------------------------------------------------------------ constraints

    @api.constrains("staff_id", "dealer_id")
    def _check_staff(self):
        for member in self:
            if member.staff_id and member.staff_id.dealer_id != member.dealer_id:
                raise ValidationError(
                    self.env._(
                        "%(staff)s does not work for %(dealer)s.",
                        staff=member.staff_id.name,
                        dealer=member.dealer_id.display_name,
                    )
                )

    @api.constrains("inviter_id")
    def _check_inviter(self):
        if self.filtered("inviter_id")._has_cycle("inviter_id"):
            raise ValidationError(self.env._("A member cannot be invited by somebody whom it invited itself."))

    # ------------------------------------------------------------------ CRUD

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")  # before anything is said about persons and dealers who exist
        vals_list = [self._complete_owner(vals) for vals in vals_list]
        self._assign_numbers(vals_list)
        self._assign_accounts(vals_list)
        members = super().create(vals_list)
        return members._begin_history(
            [(member.dealer_id.id, member.staff_id.id, member.level_id.id) for member in members]
        )

    def _begin_history(self, owned):
        """These new members, after the first line of their histories.

        :param owned: ``(dealer id, staff id, level id)`` of each
        """
        reason = self.env.context.get("crab_reason")
        if not isinstance(reason, str) or not reason.strip():  # the context may come from outside
            reason = self.env._("Registered")
        self.env["crab.member.ownership"]._log(
            [
                {"member_id": member_id, "to_dealer_id": dealer_id, "to_staff_id": staff_id, "reason": reason}
                for member_id, (dealer_id, staff_id, _level_id) in zip(self.ids, owned, strict=True)
                if dealer_id
            ]
        )
        self.env["crab.member.level.history"]._log(
            [
                {"member_id": member_id, "to_level_id": level_id, "reason": reason}
                for member_id, (_dealer_id, _staff_id, level_id) in zip(self.ids, owned, strict=True)
            ]
        )
        return self

    @api.model
    def _create_in_sets(self, vals_list):
        """As ``create``, for hundreds of thousands: the first by the ORM, the others as rows like it.

        The caller has checked that nobody is a member already and which dealers there are, and gives no inviters.

        :param vals_list: dicts with ``number``, ``name``, ``phone``, ``dealer_id``, ``level_id``, ``registered_date``
        """
        first, *others = vals_list
        member = self.create(first)
        if not others:
            return member
        accounts = self.env["crab.account"]._get_or_create(
            [{"name": vals["name"], "phone": vals["phone"]} for vals in others]
        )
        account_ids = [account.id for account in accounts]
        self.env.cr.execute(
            SQL(
                "SELECT account.name, account.phone, account.partner_id FROM crab_account AS account"
                " JOIN unnest(%s::int[]) WITH ORDINALITY AS asked(id, place) USING (id) ORDER BY place",
                account_ids,
            )
        )
        names, phones, partner_ids = zip(*self.env.cr.fetchall(), strict=True)
        kept = {column: [vals[column] for vals in others] for column in vals_list[0] if column not in ("name", "phone")}
        made = insert_like(
            member,
            {
                "account_id": account_ids,
                "partner_id": partner_ids,
                "name": names,
                "phone": phones,
                "public_id": [uuid7() for _vals in others],
                "invite_code": [new_code() for _vals in others],
                **kept,
            },
        )
        return member + made._begin_history([(vals["dealer_id"], False, vals["level_id"]) for vals in others])

    def write(self, vals):
        guarded = GUARDED & vals.keys()
        if guarded:
            names = ", ".join(self.fields_get(guarded, ["string"])[field]["string"] for field in sorted(guarded))
            raise UserError(
                self.env._("%(fields)s: use the buttons of the member, which check and keep the history.", fields=names)
            )
        vals = dict(vals)
        contact = {field: vals.pop(field) for field in ("name", "phone") if field in vals}
        result = super().write(vals) if vals else self.check_access("write") or True
        if contact:
            if not all((value or "").strip() for value in contact.values()):
                raise ValidationError(self.env._("A member has a name and a phone number."))
            self.account_id.sudo().write(contact)  # sudo: the account is handled with the member
        return result

    def copy_data(self, default=None):
        raise UserError(self.env._("A member is one person and cannot be duplicated."))

    def _write_guarded(self, vals):
        """Write guarded fields: for the named methods of this model and its extensions only."""
        return super().write(vals)

    @api.private
    def _complete_owner(self, vals):
        """The owner that follows from staff or inviter where none is given; text trimmed."""
        vals = {field: vals[field] for field in vals.keys() - NEVER_GIVEN}
        if vals.get("staff_id") and not vals.get("dealer_id"):
            vals["dealer_id"] = self.env["crab.dealer.staff"].browse(vals["staff_id"]).dealer_id.id
        elif vals.get("inviter_id") and not vals.get("dealer_id"):
            # sudo: the inviter's dealer decides, also for a user who does not see it
            vals["dealer_id"] = self.sudo().browse(vals["inviter_id"]).dealer_id.id
        if vals.get("number"):
            vals["number"] = unicodedata.normalize("NFKC", str(vals["number"])).strip()
        if vals.get("name"):
            vals["name"] = str(vals["name"]).strip()
        return vals

    @api.private
    def _assign_numbers(self, vals_list):
        """Numbers for those without one; numbers that imported members have already are passed over."""
        without = [vals for vals in vals_list if not vals.get("number")]
        sequence_sudo = self.env["ir.sequence"].sudo()  # sudo: drawing a number needs no right of its own
        given = {vals["number"] for vals in vals_list if vals.get("number")}
        while without:
            drawn = [sequence_sudo.next_by_code("crab.member") for _vals in without]
            taken = given | set(
                self.sudo().search([("number", "in", drawn)]).mapped("number")
            )  # sudo: unique beyond what the user sees
            for vals, number in zip(without, drawn, strict=True):
                vals["number"] = number if number not in taken else None
            without = [vals for vals in without if not vals["number"]]

    @api.private
    def _assign_accounts(self, vals_list):
        """Find or make the accounts of the persons, in sets; who is a member already is refused by name."""
        without = [vals for vals in vals_list if not vals.get("account_id")]
        for vals in without:
            if not vals.get("phone") or not vals.get("name"):
                raise ValidationError(self.env._("Enter name and phone number of the member."))
        accounts = self.env["crab.account"]._get_or_create(
            [{"name": vals["name"], "phone": vals["phone"]} for vals in without]
        )
        for vals, account in zip(without, accounts, strict=True):
            vals["account_id"] = account.id
        account_ids = [vals["account_id"] for vals in vals_list]
        known_sudo = self.sudo().search(
            [("account_id", "in", account_ids)], limit=1
        )  # sudo: unique beyond what the user sees
        if known_sudo:
            raise UserError(
                self.env._(
                    "%(name)s (%(phone)s) is a member already: %(number)s.",
                    name=known_sudo.name,
                    phone=known_sudo.phone or "",
                    number=known_sudo.number,
                )
            )
        for vals in vals_list:
            vals.pop("name", None)
            vals.pop("phone", None)

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if isinstance(value, str) and operator in ("ilike", "=") and (number := normalise_phone(value)):
            return Domain(domain) | Domain("phone", "=", number)
        return domain

    # ------------------------------------------------------------------ who sees what

    @api.model
    def _subject_domain(self, subject: Subject):
        """A member sees itself; a dealer its own members only; staff whom they invited directly (CH-10)."""
        if subject.kind == "member":
            return Domain("id", "=", subject.id) & Domain("state", "=", "active")
        if subject.kind == "staff":
            staff_sudo = self.env["crab.dealer.staff"]._asking(subject)
            return Domain("staff_id", "in", staff_sudo.ids) & Domain("dealer_id", "in", staff_sudo.dealer_id.ids)
        return Domain("dealer_id", "in", self.env["crab.dealer"]._asking(subject).ids)

    @api.model
    def _asking(self, subject: Subject):
        """The active member that ``subject`` is, in sudo; empty for everybody else."""
        if subject.kind != "member":
            return subject.bind(self.sudo().browse())  # the subject has no Odoo user
        return self._for_subject(subject)

    # ------------------------------------------------------------------ actions

    def action_open_invited(self):
        """The members whom this one invited."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_member.crab_member_action")
        return {**action, "domain": [("inviter_id", "=", self.id)], "context": {"create": False}}

    def action_open_ownership(self):
        """Whose member this was, and when."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_member.crab_member_ownership_action")
        return {**action, "domain": [("member_id", "=", self.id)]}
