import math
import unicodedata
from collections import Counter

from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.tools import SQL

from odoo.addons.crab_account.tools.phone import normalise as normalise_phone

LEVELS = [("1", "Level 1"), ("2", "Level 2"), ("3", "Level 3")]
TYPES = [
    ("city_partner", "City partner"),
    ("exclusive_store", "Exclusive store"),
    ("distributor", "Distributor"),
    ("small_merchant", "Small merchant"),
]
TYPES_OF_LEVEL = {"1": ("city_partner", "exclusive_store"), "2": ("distributor",), "3": ("small_merchant",)}
RATIO_DIGITS = (5, 4)
# fields that change by named methods only, which check, lock and write the history
GUARDED = {
    "ratio",
    "parent_id",
    "level",
    "dealer_type",
    "state",
    "partner_id",
    "account_id",
    "level1_id",
    "parent_path",
    "invite_code",
}
NEVER_GIVEN = {
    "state",
    "level1_id",
    "parent_path",
    "invite_code",
}  # follow from the rest, also when a dealer is created
GUARD = object()  # in the context of their writes; nothing that comes by RPC can be this object
# address of the dealer = address of its partner
ADDRESS = {
    "province_id": "crab_province_id",
    "city_id": "crab_city_id",
    "district_id": "crab_district_id",
    "street": "street",
    "latitude": "partner_latitude",
    "longitude": "partner_longitude",
}
MAX_NAMED = 20


def ratio_points(ratio):
    """A ratio in ten-thousandths, for exact comparison."""
    ratio = float(ratio or 0)
    return round(ratio * 10000) if math.isfinite(ratio) else 10**9


def ratio_text(ratio):
    """A ratio as it is typed and as programs read it: 0.70, 0.65, 0.6250."""
    text = f"{ratio_points(ratio) / 10000:.4f}"
    return text[:-2] if text.endswith("00") else text


def ratio_words(env, ratio):
    """A ratio as a message says it: 65 %, in Chinese 6.5 折."""
    whole = 10 if (env.lang or "").startswith("zh") else 100
    return env._("%(ratio)s %%", ratio=f"{ratio_points(ratio) * whole / 10000:g}")


class CrabDealer(models.Model):
    """A dealer: sells cards and goods at its own price ratio, below a parent (domain.md §2)."""

    _name = "crab.dealer"
    _description = "Dealer"
    _inherit = ["crab.subject.mixin", "crab.public.id.mixin", "crab.invite.mixin", "crab.address.mixin", "mail.thread"]
    _order = "code"
    _parent_store = True
    _rec_names_search = ["code", "name", "phone"]

    # ------------------------------------------------------------------ fields

    code = fields.Char(
        required=True, index=True, tracking=True, copy=False, help="Given by a sequence when left empty."
    )
    name = fields.Char(required=True, index="trigram", tracking=True)
    partner_id = fields.Many2one(
        "res.partner", "Organisation", required=True, readonly=True, ondelete="restrict", copy=False
    )
    account_id = fields.Many2one(
        "crab.account", "Contact's account", required=True, index=True, ondelete="restrict", copy=False, tracking=True
    )
    contact_name = fields.Char(
        "Contact person", compute="_compute_contact", store=True, readonly=False, index="trigram"
    )
    phone = fields.Char(
        compute="_compute_contact",
        store=True,
        readonly=False,
        index="trigram",
        help="The contact's login. Another number makes its owner the contact; "
        "a new number of the same person is entered in the account.",
    )
    level = fields.Selection(
        LEVELS,
        compute="_compute_level",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        tracking=True,
        index=True,
    )
    dealer_type = fields.Selection(
        TYPES,
        "Type",
        compute="_compute_dealer_type",
        store=True,
        precompute=True,
        readonly=False,
        required=True,
        tracking=True,
    )
    is_offline = fields.Boolean("Offline dealing", default=True, tracking=True, help="Cards, stored value and credit.")
    is_online = fields.Boolean(
        "Online distribution", default=True, tracking=True, help="Earns on what members pay online."
    )
    parent_id = fields.Many2one(
        "crab.dealer",
        "Parent dealer",
        index=True,
        ondelete="restrict",
        tracking=True,
        copy=False,
        domain="[('level', 'in', ['1', '2']), ('state', '=', 'active')]",
    )
    parent_path = fields.Char(index=True)
    child_ids = fields.One2many("crab.dealer", "parent_id", "Direct children")
    level1_id = fields.Many2one(
        "crab.dealer", "Level-1 dealer", compute="_compute_level1_id", store=True, recursive=True, index=True
    )
    ratio = fields.Float("Price ratio", digits=RATIO_DIGITS, required=True, tracking=True, copy=False, aggregator=None)
    ratio_ids = fields.One2many("crab.dealer.ratio", "dealer_id", "Ratio history", readonly=True)
    state = fields.Selection(
        [("active", "Active"), ("closed", "Closed")],
        required=True,
        default="active",
        readonly=True,
        tracking=True,
        copy=False,
        index=True,
    )
    user_id = fields.Many2one(
        "res.users",
        "Sales rep",
        tracking=True,
        index="btree_not_null",
        copy=False,
        domain=lambda self: [("all_group_ids", "in", self.env.ref("crab_base.group_sales_rep").ids)],
        help="Looks after this level-1 dealer and its network.",
    )
    staff_ids = fields.One2many("crab.dealer.staff", "dealer_id", "Staff")
    invitation_ids = fields.One2many("crab.dealer.invitation", "dealer_id", "Dealer invitations")
    note = fields.Text("Notes")

    province_id = fields.Many2one(compute="_compute_address", store=True, readonly=False, index="btree_not_null")
    city_id = fields.Many2one(compute="_compute_address", store=True, readonly=False, index="btree_not_null")
    district_id = fields.Many2one(compute="_compute_address", store=True, readonly=False)
    street = fields.Char(compute="_compute_address", store=True, readonly=False)
    latitude = fields.Float(compute="_compute_address", store=True, readonly=False)
    longitude = fields.Float(compute="_compute_address", store=True, readonly=False)

    level2_count = fields.Integer("Level 2 below", compute="_compute_network_counts")
    level3_count = fields.Integer("Level 3 below", compute="_compute_network_counts")
    network_count = fields.Integer("Network", compute="_compute_network_counts")
    staff_count = fields.Integer("Number of staff", compute="_compute_staff_count")
    ratio_count = fields.Integer("Ratio changes", compute="_compute_ratio_count")
    invitation_count = fields.Integer("Number of invitations", compute="_compute_invitation_count")

    # ------------------------------------------------------------------ constraints

    _code_uniq = models.Constraint("UNIQUE(code)", "This dealer code is in use.")
    _partner_uniq = models.Constraint("UNIQUE(partner_id)", "An organisation is one dealer.")
    _account_uniq = models.UniqueIndex(
        "(account_id) WHERE state = 'active'", "This person is already the contact of another active dealer."
    )
    _level_parent = models.Constraint(
        "CHECK((level = '1') = (parent_id IS NULL))", "A level 1 has no parent; levels 2 and 3 have one."
    )
    _level_type = models.Constraint(
        "CHECK(CASE level WHEN '1' THEN dealer_type IN ('city_partner', 'exclusive_store')"
        " WHEN '2' THEN dealer_type = 'distributor' ELSE dealer_type = 'small_merchant' END)",
        "This type does not fit the level: level 1 is a city partner or an exclusive store, level 2 a distributor, "
        "level 3 a small merchant.",
    )
    _ratio_range = models.Constraint("CHECK(ratio > 0 AND ratio < 1)", "A price ratio lies between 0 and 1.")
    _business_kind = models.Constraint(
        "CHECK(is_offline OR is_online)", "Choose offline dealing, online distribution or both."
    )
    _rep_level = models.Constraint(
        "CHECK(user_id IS NULL OR level = '1')", "A sales rep is given to level-1 dealers; their network follows."
    )

    # ------------------------------------------------------------------ compute

    @api.depends("code", "name")
    def _compute_display_name(self):
        for dealer in self:
            dealer.display_name = " ".join(filter(None, (dealer.code, dealer.name)))

    @api.depends("account_id.name", "account_id.phone")
    def _compute_contact(self):
        for dealer in self:
            if dealer.account_id:  # a new dealer keeps what was typed until its account exists
                account_sudo = dealer.account_id.sudo()  # sudo: who sees the dealer sees its contact, not the account
                dealer.contact_name, dealer.phone = account_sudo.name, account_sudo.phone

    @api.depends("parent_id")
    def _compute_level(self):
        """The level follows from the parent; a level 1's child may be set to level 3 (HQ-05)."""
        for dealer in self:
            above = int(dealer.parent_id.level or 0)
            if not above:
                dealer.level = "1"
            elif not dealer.level or int(dealer.level) <= above:
                dealer.level = str(min(above + 1, 3))

    @api.onchange("level")
    def _onchange_level(self):
        if self.level == "1":
            self.parent_id = False

    @api.depends("level")
    def _compute_dealer_type(self):
        for dealer in self:
            fitting = TYPES_OF_LEVEL.get(dealer.level, ())
            if dealer.dealer_type not in fitting:
                dealer.dealer_type = fitting[0] if len(fitting) == 1 else False

    @api.depends("parent_id.level1_id")
    def _compute_level1_id(self):
        for dealer in self:
            dealer.level1_id = dealer.parent_id.level1_id if dealer.parent_id else dealer._origin or dealer

    @api.depends(*(f"partner_id.{field}" for field in ADDRESS.values()))
    def _compute_address(self):
        for dealer in self:
            if dealer.partner_id:
                partner_sudo = dealer.partner_id.sudo()  # sudo: the organisation is a part of the dealer
                for field, partner_field in ADDRESS.items():
                    dealer[field] = partner_sudo[partner_field]

    @api.depends("child_ids")
    def _compute_network_counts(self):
        self.flush_model(["parent_path", "level"])
        self.env.cr.execute(
            SQL(
                """SELECT top.id, count(*) FILTER (WHERE below.level = '2'), count(*) FILTER (WHERE below.level = '3')
                     FROM crab_dealer top JOIN crab_dealer below ON below.parent_path LIKE top.parent_path || '_%%'
                    WHERE top.id = ANY(%s) GROUP BY top.id""",
                list(self.ids),
            )
        )
        counts = {top: (level2, level3) for top, level2, level3 in self.env.cr.fetchall()}
        for dealer in self:
            dealer.level2_count, dealer.level3_count = counts.get(dealer.id, (0, 0))
            dealer.network_count = dealer.level2_count + dealer.level3_count

    @api.depends("staff_ids")
    def _compute_staff_count(self):
        counts = dict(
            self.env["crab.dealer.staff"]._read_group([("dealer_id", "in", self.ids)], ["dealer_id"], ["__count"])
        )
        for dealer in self:
            dealer.staff_count = counts.get(dealer._origin, 0)

    @api.depends("ratio_ids")
    def _compute_ratio_count(self):
        counts = dict(
            self.env["crab.dealer.ratio"]._read_group([("dealer_id", "in", self.ids)], ["dealer_id"], ["__count"])
        )
        for dealer in self:
            dealer.ratio_count = counts.get(dealer._origin, 0)

    @api.depends("invitation_ids")
    def _compute_invitation_count(self):
        counts = dict(
            self.env["crab.dealer.invitation"]._read_group([("dealer_id", "in", self.ids)], ["dealer_id"], ["__count"])
        )
        for dealer in self:
            dealer.invitation_count = counts.get(dealer._origin, 0)

    # ------------------------------------------------------------------ constraints in Python

    @api.constrains("level", "parent_id")
    def _check_parent_level(self):
        if self._has_cycle():
            raise ValidationError(self.env._("A dealer cannot stand below itself."))
        for dealer in self:
            if dealer.parent_id and dealer.parent_id.level >= dealer.level:
                raise ValidationError(
                    self.env._(
                        "%(dealer)s (level %(level)s) cannot stand below %(parent)s (level %(parent_level)s).",
                        dealer=dealer.display_name,
                        level=dealer.level,
                        parent=dealer.parent_id.display_name,
                        parent_level=dealer.parent_id.level,
                    )
                )
        self._raise_for_children(
            lambda dealer, child: child.level <= dealer.level,
            self.env._("These dealers below would not fit the level:"),
        )

    def _raise_for_children(self, is_wrong, title):
        """:raise ValidationError: naming the direct children for which ``is_wrong(dealer, child)``"""
        children = self.sudo().search(
            [("parent_id", "in", self.ids)]
        )  # sudo: the tree's order holds beyond what the user sees
        wrong = children.filtered(lambda child: is_wrong(child.parent_id, child))
        if wrong:
            names = [f"{child.display_name} ({ratio_words(self.env, child.ratio)})" for child in wrong[:MAX_NAMED]]
            raise ValidationError("\n".join([title, *names, *(["…"] if len(wrong) > MAX_NAMED else [])]))

    # ------------------------------------------------------------------ CRUD

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")  # before anything is said about persons and dealers who exist
        vals_list = [
            self._clean_vals({field: vals[field] for field in vals.keys() - NEVER_GIVEN}) for vals in vals_list
        ]
        self._assign_codes(vals_list)
        self._assign_accounts(vals_list)
        self._assign_partners(vals_list)
        # a parent whose ratio changes at the same time must see the new child, or be seen by it
        self.browse({vals["parent_id"] for vals in vals_list if vals.get("parent_id")})._claim()
        dealers = super().create(vals_list)
        dealers.parent_id._ensure_active()
        dealers._log_ratios({}, self.env._("First ratio"))
        return dealers

    def write(self, vals):
        guarded = GUARDED & vals.keys()
        if guarded and self.env.context.get("crab_guard") is not GUARD:
            names = ", ".join(self.fields_get(guarded, ["string"])[field]["string"] for field in sorted(guarded))
            raise UserError(
                self.env._(
                    "%(fields)s: use the buttons of the dealer, which check the network and keep the history.",
                    fields=names,
                )
            )
        vals = self._clean_vals(vals)
        address = {ADDRESS[field]: vals.pop(field) for field in ADDRESS.keys() & vals.keys()}
        contact = {field: vals.pop(field) for field in ("contact_name", "phone") if field in vals}
        result = super().write(vals) if vals else self.check_access("write") or True
        if contact:
            self._change_contact(contact)
        if "name" in vals:
            address["name"] = vals["name"]
        if address:
            self.partner_id.sudo().write(address)  # sudo: the organisation is a part of the dealer
        return result

    def copy_data(self, default=None):
        raise UserError(
            self.env._("A dealer cannot be duplicated: it has a contact person and a place in the network of its own.")
        )

    def _write_guarded(self, vals):
        """Write guarded fields: for the named methods of this model and its extensions only."""
        return self.with_context(crab_guard=GUARD).write(vals)

    @api.private
    def _clean_vals(self, vals):
        vals = dict(vals)
        if "ratio" in vals and not 0 < ratio_points(vals["ratio"]) < 10000:
            # said before the table's own check speaks, which a flush may wake anywhere
            raise ValidationError(
                self.env._(
                    "A price ratio lies between 0 and 1, e.g. 0.65, and below that of members (%(who)s: %(ceiling)s).",
                    who=self._ratio_ceiling_name(),
                    ceiling=ratio_words(self.env, self._ratio_ceiling()),
                )
            )
        if vals.get("code"):
            vals["code"] = unicodedata.normalize("NFKC", str(vals["code"])).strip()
        for field in ("name", "contact_name"):
            if vals.get(field):
                vals[field] = str(vals[field]).strip()
        return vals

    @api.private
    def _assign_codes(self, vals_list):
        for vals in vals_list:
            if not vals.get("code"):
                vals["code"] = self.env["ir.sequence"].sudo().next_by_code("crab.dealer")

    @api.private
    def _assign_accounts(self, vals_list):
        """Find or make the accounts of the contact persons, in sets."""
        without = [vals for vals in vals_list if not vals.get("account_id")]
        for vals in without:
            if not vals.get("phone") or not vals.get("contact_name"):
                raise ValidationError(
                    self.env._(
                        "Enter contact person and phone number of %(name)s.", name=vals.get("name") or vals["code"]
                    )
                )
        accounts = self.env["crab.account"]._get_or_create(
            [{"name": vals["contact_name"], "phone": vals["phone"]} for vals in without]
        )
        for vals, account in zip(without, accounts, strict=True):
            vals["account_id"] = account.id
        self._refuse_taken_contacts([vals["account_id"] for vals in vals_list])
        for vals in vals_list:
            vals.pop("phone", None)
            vals.pop("contact_name", None)

    @api.private
    def _assign_partners(self, vals_list):
        """Make the organisations' partners, in sets."""
        china = self.env.ref("base.cn")
        without = [vals for vals in vals_list if not vals.get("partner_id")]
        # sudo: the organisation is a part of the dealer; whoever may make dealers need not manage partners
        partners_sudo = (
            self.env["res.partner"]
            .sudo()
            .with_context(tracking_disable=True, mail_create_nosubscribe=True, mail_notrack=True)
            .create(
                [
                    {
                        "name": vals.get("name"),
                        "ref": vals["code"],
                        "is_company": True,
                        "company_id": False,
                        "country_id": china.id,
                        "tz": "Asia/Shanghai",
                        **{ADDRESS[field]: vals[field] for field in ADDRESS.keys() & vals.keys()},
                    }
                    for vals in without
                ]
            )
        )
        for vals, partner in zip(without, partners_sudo, strict=True):
            vals["partner_id"] = partner.id
            for field in ADDRESS:
                vals.pop(field, None)

    @api.private
    def _change_contact(self, contact):
        """Another phone number: another person, the old one's sessions end. The same number: a new name."""
        for dealer in self:
            old_sudo = dealer.account_id.sudo()  # sudo: the contact's account is handled with the dealer
            number = normalise_phone(contact["phone"]) if contact.get("phone") else old_sudo.phone
            name = contact.get("contact_name") or old_sudo.name
            if "phone" in contact and not number:
                raise ValidationError(self.env._("“%(value)s” is not a phone number.", value=contact["phone"] or ""))
            if number == old_sudo.phone:
                old_sudo.name = name
                continue
            account = self.env["crab.account"]._get_or_create([{"name": name, "phone": number}])[0]
            if dealer.state == "active":
                self._refuse_taken_contacts(account.ids)
            dealer._write_guarded({"account_id": account.id})
            old_sudo._revoke_tokens()

    @api.private
    def _refuse_taken_contacts(self, account_ids):
        """:raise UserError: when a person is the contact of an active dealer already, or twice in the list"""
        taken = self.sudo().search(
            [("account_id", "in", account_ids), ("state", "=", "active")], limit=1
        )  # sudo: beyond what the user sees
        if taken:
            raise UserError(
                self.env._(
                    "%(name)s (%(phone)s) is already the contact of %(dealer)s.",
                    name=taken.contact_name,
                    phone=taken.phone,
                    dealer=taken.display_name,
                )
            )
        twice = [account_id for account_id, count in Counter(account_ids).items() if count > 1]
        if twice:
            account_sudo = self.env["crab.account"].sudo().browse(twice[0])  # sudo: only its name is shown
            raise UserError(
                self.env._("%(name)s cannot be the contact of two dealers.", name=account_sudo.display_name)
            )
