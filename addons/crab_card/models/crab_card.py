import re

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.fields import Domain
from odoo.tools.sql import escape_psql

from ..tools import normalise
from ..tools.loose_many2one import LooseMany2one

NAMED_AT_MOST = 20
EXPORTED_AT_MOST = 50_000
NAMES_AT_MOST = 1000  # records that a typed name is resolved to before the numbers are searched
# An index gives these in order or counts their groups in a moment; other columns would sort millions of rows.
SORTABLE = {"number"}
GROUPABLE = {"product_id", "state", "holder_kind", "dealer_id", "origin_dealer_id", "batch_id"}
STATES = [("inactive", "Inactive"), ("active", "Active"), ("used", "Used"), ("cancelled", "Cancelled")]
HOLDER_KINDS = [("platform", "Platform"), ("dealer", "Dealer"), ("member", "Member")]

# What Odoo cannot declare: secret columns, the order of numbers by code point, guards below the ORM.
TABLE_SQL = """
ALTER TABLE crab_card ADD COLUMN IF NOT EXISTS password_hash bytea;
ALTER TABLE crab_card ADD COLUMN IF NOT EXISTS key_id integer;
DO $$ BEGIN
    IF (SELECT collation_name FROM information_schema.columns
         WHERE table_schema = current_schema AND table_name = 'crab_card' AND column_name = 'number')
       IS DISTINCT FROM 'C' THEN
        ALTER TABLE crab_card ALTER COLUMN number TYPE varchar(32) COLLATE "C";
        ALTER TABLE crab_card ADD CONSTRAINT crab_card_password_check
            CHECK ((password_hash IS NULL) = (key_id IS NULL) AND octet_length(password_hash) = 32);
    END IF;
END $$;

CREATE OR REPLACE FUNCTION crab_card_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP IN ('DELETE', 'TRUNCATE') THEN
        RAISE EXCEPTION 'crab_card: numbers are never deleted';
    END IF;
    RAISE EXCEPTION 'crab_card: % is changed by the door _change only', OLD.number;
END $$;
CREATE OR REPLACE FUNCTION crab_card_target_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_TABLE_NAME = 'product_product' AND EXISTS (SELECT FROM crab_card WHERE product_id = OLD.id)
       OR TG_TABLE_NAME = 'crab_card_batch' AND EXISTS (SELECT FROM crab_card WHERE batch_id = OLD.id)
       OR TG_TABLE_NAME = 'res_company' AND EXISTS (SELECT FROM crab_card WHERE company_id = OLD.id) THEN
        RAISE EXCEPTION 'There are card numbers of this record in the register; archive it instead.'
            USING ERRCODE = 'foreign_key_violation', TABLE = TG_TABLE_NAME;
    END IF;
    RETURN OLD;
END $$;
CREATE OR REPLACE TRIGGER crab_card_product_guard BEFORE DELETE ON product_product
    FOR EACH ROW EXECUTE FUNCTION crab_card_target_guard();
CREATE OR REPLACE TRIGGER crab_card_batch_guard BEFORE DELETE ON crab_card_batch
    FOR EACH ROW EXECUTE FUNCTION crab_card_target_guard();
CREATE OR REPLACE TRIGGER crab_card_company_guard BEFORE DELETE ON res_company
    FOR EACH ROW EXECUTE FUNCTION crab_card_target_guard();

CREATE OR REPLACE TRIGGER crab_card_no_delete BEFORE DELETE ON crab_card
    FOR EACH ROW EXECUTE FUNCTION crab_card_guard();
CREATE OR REPLACE TRIGGER crab_card_no_truncate BEFORE TRUNCATE ON crab_card
    FOR EACH STATEMENT EXECUTE FUNCTION crab_card_guard();
CREATE OR REPLACE TRIGGER crab_card_identity BEFORE UPDATE ON crab_card FOR EACH ROW
    WHEN ((OLD.number, OLD.product_id, OLD.kind, OLD.company_id, OLD.batch_id)
          IS DISTINCT FROM (NEW.number, NEW.product_id, NEW.kind, NEW.company_id, NEW.batch_id))
    EXECUTE FUNCTION crab_card_guard();
CREATE OR REPLACE TRIGGER crab_card_with_history BEFORE UPDATE ON crab_card FOR EACH ROW
    WHEN ((OLD.state, OLD.holder_kind, OLD.dealer_id, OLD.member_id, OLD.origin_dealer_id, OLD.transit_model,
           OLD.transit_id, OLD.valid_until, OLD.is_vip, OLD.charged_amount, OLD.charge_model, OLD.charge_id,
           OLD.head_hash, OLD.event_count)
          IS DISTINCT FROM
          (NEW.state, NEW.holder_kind, NEW.dealer_id, NEW.member_id, NEW.origin_dealer_id, NEW.transit_model,
           NEW.transit_id, NEW.valid_until, NEW.is_vip, NEW.charged_amount, NEW.charge_model, NEW.charge_id,
           NEW.head_hash, NEW.event_count)
          AND (NEW.event_count IS DISTINCT FROM OLD.event_count + 1
               OR NEW.head_hash IS NOT DISTINCT FROM OLD.head_hash))
    EXECUTE FUNCTION crab_card_guard();
CREATE OR REPLACE TRIGGER crab_card_state_path BEFORE UPDATE ON crab_card FOR EACH ROW
    WHEN (OLD.state <> NEW.state AND (OLD.state, NEW.state) NOT IN (
          ('inactive', 'active'), ('active', 'used'), ('used', 'active'), ('active', 'inactive'),
          ('inactive', 'cancelled'), ('active', 'cancelled'))
          OR OLD.state = NEW.state AND OLD.state IN ('used', 'cancelled') AND NEW.event_count <> OLD.event_count)
    EXECUTE FUNCTION crab_card_guard();
"""


class CrabCard(models.Model):
    """The register: one narrow row per number, millions of them.

    Rows are written by SQL only: made by ``_insert_numbers``, changed by the door ``_change``. Besides the fields, the
    table has ``password_hash`` and ``key_id``, which are no fields so that nothing of the ORM can ever read them.
    """

    _name = "crab.card"
    _inherit = ["crab.chain.parent.mixin", "crab.subject.mixin"]
    _description = "Card number"
    _rec_name = "number"
    _order = "number"
    _log_access = False  # the history says who and when

    number = fields.Char(size=32, required=True, readonly=True)
    product_id = LooseMany2one("product.product", string="Card", required=True, readonly=True)
    kind = fields.Selection([("physical", "Physical card"), ("ecard", "E-card")], required=True, readonly=True)
    state = fields.Selection(STATES, required=True, readonly=True)
    holder_kind = fields.Selection(HOLDER_KINDS, string="Held by", required=True, readonly=True)
    dealer_id = fields.Many2one("crab.dealer", string="Holding dealer", readonly=True, ondelete="restrict")
    member_id = fields.Many2one("crab.member", string="Holding member", readonly=True, ondelete="restrict")
    holder_name = fields.Char("Holder", compute="_compute_holder_name")
    origin_dealer_id = fields.Many2one(
        "crab.dealer", string="Level-1 origin", readonly=True, ondelete="restrict",
        help="The level-1 dealer whom the number was issued to; empty: the platform.",
    )  # fmt: skip
    company_id = LooseMany2one(
        "res.company", string="Issuer", required=True, readonly=True,
        help="The company that owes the goods for this number.",
    )  # fmt: skip
    currency_id = fields.Many2one(related="company_id.currency_id")
    batch_id = LooseMany2one("crab.card.batch", string="Batch", required=True, readonly=True)
    valid_until = fields.Date(readonly=True, help="Last day of redemption; empty: no end.")
    charged_amount = fields.Monetary(readonly=True, help="What the activation or sale of this number charged.")
    charge_model = fields.Char(readonly=True)
    charge_id = fields.Many2oneReference("Charged by", model_field="charge_model", readonly=True)
    transit_model = fields.Char(readonly=True)
    transit_id = fields.Many2oneReference(
        "In transit with", model_field="transit_model", readonly=True,
        help="The document that holds the number until its receiver confirms; nobody else can use it meanwhile.",
    )  # fmt: skip
    received_at = fields.Datetime(readonly=True, help="When the holder got it.")
    is_vip = fields.Boolean("VIP", readonly=True)
    search_text = fields.Char("Number or range", store=False, search="_search_search_text")
    event_ids = fields.One2many("crab.card.event", "card_id", string="History", readonly=True)

    _number_uniq = models.UniqueIndex("(number)", "This number is in the register already.")
    # Each index that holds all new numbers costs an import about a tenth of its time; partial ones of what comes
    # later (states, holders, marks) cost it nothing.
    _product_idx = models.Index("(product_id, number)")
    _batch_idx = models.Index("(batch_id, number)")
    _inactive_idx = models.Index("(product_id, holder_kind, number) WHERE state = 'inactive'")
    _platform_idx = models.Index("(number) WHERE holder_kind = 'platform'")  # of new ones too, but in their order
    _state_idx = models.Index("(state, number) WHERE state <> 'inactive'")
    _product_state_idx = models.Index("(product_id, state, number) WHERE state <> 'inactive'")
    _ecard_idx = models.Index("(number) WHERE kind = 'ecard'")
    _valid_idx = models.Index("(valid_until) WHERE valid_until IS NOT NULL")
    _dealer_idx = models.Index("(dealer_id, state, number) WHERE dealer_id IS NOT NULL")
    _member_idx = models.Index("(member_id, received_at) WHERE member_id IS NOT NULL")
    _origin_idx = models.Index("(origin_dealer_id, number) WHERE origin_dealer_id IS NOT NULL")
    _transit_idx = models.Index("(transit_id, transit_model) WHERE transit_id IS NOT NULL")
    _charge_idx = models.Index("(charge_id, charge_model) WHERE charge_id IS NOT NULL")
    _vip_idx = models.Index("(number) WHERE is_vip IS TRUE")  # as the ORM asks for it

    _number_format = models.Constraint(
        "CHECK (length(number) >= 6 AND number !~ '[^A-Z0-9]')", "A number is 6 to 32 capital letters and digits."
    )
    _holder_check = models.Constraint(
        "CHECK (holder_kind IN ('platform', 'dealer', 'member')"
        " AND (holder_kind = 'dealer') = (dealer_id IS NOT NULL)"
        " AND (holder_kind = 'member') = (member_id IS NOT NULL))",
        "The holder of a number does not fit its kind.",
    )
    _state_check = models.Constraint(
        "CHECK (state IN ('inactive', 'active', 'used', 'cancelled'))", "This is no state of a number."
    )
    _transit_check = models.Constraint(
        "CHECK ((transit_model IS NULL) = (transit_id IS NULL)"
        " AND (transit_id IS NULL OR state IN ('inactive', 'active')))",
        "A used or cancelled number is not in transit.",
    )
    _history_check = models.Constraint("CHECK (event_count > 0)", "A number has a history from its first day on.")
    _charge_check = models.Constraint(
        "CHECK ((charge_model IS NULL) = (charge_id IS NULL) AND charged_amount >= 0)",
        "A charge has an amount and a document.",
    )

    @api.depends("holder_kind", "dealer_id", "member_id")
    def _compute_holder_name(self):
        labels = dict(self._fields["holder_kind"]._description_selection(self.env))
        for card in self:
            holder = card.dealer_id or card.member_id
            card.holder_name = holder.display_name if holder else labels.get(card.holder_kind)

    # === Numbers are written by the door only === #

    @api.model_create_multi
    def create(self, vals_list):  # always refused: pylint: disable=method-required-super
        raise UserError(self.env._("Numbers come into the register by import, generation or sale only."))

    def write(self, vals):  # always refused: pylint: disable=method-required-super
        raise UserError(self.env._("Numbers are changed by documents only."))

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("Numbers are never deleted. Cancel them instead."))

    def init(self):
        self.env.cr.execute(TABLE_SQL)

    # === Searching, and how much at once === #

    @api.model
    def fields_get(self, allfields=None, attributes=None):
        descriptions = super().fields_get(allfields, attributes)
        for name, description in descriptions.items():
            if "sortable" in description:
                description["sortable"] = name in SORTABLE
            if "groupable" in description:
                description["groupable"] = name in GROUPABLE
        return descriptions

    @api.model
    def search(self, domain, offset=0, limit=None, order=None):
        if limit is None and "import_compat" in self.env.context:  # Odoo's export loads the ids of all it finds
            limit = EXPORTED_AT_MOST + 1
        return super().search(domain, offset, limit, order)

    @api.model
    def _search(self, domain, *args, **kwargs):
        """A name typed for a card, holder or batch becomes ids first: the planner then knows how many it has."""
        domain = Domain(domain).map_conditions(self._with_ids)
        return super()._search(domain, *args, **kwargs)

    @api.model
    def _with_ids(self, condition):
        field = self._fields.get(condition.field_expr)
        if not field or field.type != "many2one" or condition.operator not in ("ilike", "like", "=ilike", "=like"):
            return condition
        named = self.env[field.comodel_name].with_context(active_test=False)
        ids = named.search([("display_name", condition.operator, condition.value)], limit=NAMES_AT_MOST + 1).ids
        return condition if len(ids) > NAMES_AT_MOST else Domain(condition.field_expr, "in", ids)

    def export_data(self, fields_to_export):
        if len(self) > EXPORTED_AT_MOST:
            raise UserError(
                self.env._("At most %(most)s numbers can be exported at once. Narrow the list by a filter first.",
                           most=EXPORTED_AT_MOST)
            )  # fmt: skip
        return super().export_data(fields_to_export)

    def _search_search_text(self, operator, value):
        """By number as people type it: exactly, by its beginning, or “first-last” for a range."""
        if operator == "in":
            return Domain.OR(self._search_search_text("ilike", text) for text in value)
        if operator not in ("ilike", "like", "=ilike", "=like", "="):
            return NotImplemented
        text = normalise.number(str(value or "")).strip("%")
        parts = [part for part in re.split(r"[\s\-~—–至到]+", text) if part]
        if len(parts) == 2:
            return Domain("number", ">=", parts[0]) & Domain("number", "<=", parts[1])
        return Domain.OR(Domain("number", "=like", escape_psql(part) + "%") for part in parts)

    @api.model
    def _search_display_name(self, operator, value):
        if operator in ("ilike", "like", "=ilike", "=like"):  # by the beginning: an index serves it
            return self._search_search_text(operator, value)
        return super()._search_display_name(operator, value)

    # === Actions === #

    def action_verify(self):
        """Check this number's history from its first line on (HQ-30)."""
        self.ensure_one()
        self.check_access("read")
        problems = self.env["crab.card.event"]._verify_chain(self.ids)
        if problems:
            message = self.env._(
                "The history of %(number)s is NOT intact (line %(line)s). Inform the administrator.",
                number=self.number,
                line=problems[0]["sequence"] or 1,
            )
        else:
            message = self.env._(
                "The history of %(number)s is intact: %(count)s lines.", number=self.number, count=self.event_count
            )
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"type": "danger" if problems else "success", "sticky": bool(problems), "message": message},
        }

    def _check_keeper(self):
        """:raise AccessError: unless the user may operate the register (card keeper, head-office administrator)"""
        if not self.env.su and not self.env.user.has_group("crab_base.group_card_keeper"):
            raise AccessError(self.env._("Only card keepers change numbers."))

    def _mark_vip(self, is_vip):
        """Mark these numbers as VIP cards or take the mark away; those that are so already stay as they are.

        :raise UserError: for used and cancelled numbers, which never change again
        """
        self._check_keeper()
        self.check_access("read")
        self.filtered(lambda card: card.is_vip != is_vip)._set_vip(is_vip)

    # === Reports === #

    @api.model
    def _compare_with_stock(self):
        """Physical card products whose numbers in the register are not as many as their pieces in the Group's stock.

        Each number came with one piece (import, generation); pieces leave stock by stock documents only.

        :return: list of dicts ``product_id``, ``numbers``, ``stock``, ``difference``; empty when all is well
        """
        cards_sudo, quants_sudo = (
            self.sudo(),
            self.env["stock.quant"].sudo(),
        )  # a report for whoever may call it, over both companies
        numbers = dict(cards_sudo._read_group([("kind", "=", "physical")], ["product_id"], ["__count"]))
        company = self.env["res.company"]._crab_company("group")
        stock = dict(
            quants_sudo._read_group(
                [
                    ("product_id.crab_kind", "=", "physical_card"),
                    ("location_id.usage", "=", "internal"),
                    ("company_id", "=", company.id),
                ],
                ["product_id"],
                ["quantity:sum"],
            )
        )
        return [
            {
                "product_id": product.id,
                "numbers": numbers.get(product, 0),
                "stock": stock.get(product, 0.0),
                "difference": stock.get(product, 0.0) - numbers.get(product, 0),
            }
            for product in sorted(numbers.keys() | stock.keys(), key=lambda product: product.id)
            if product.uom_id.compare(stock.get(product, 0.0), numbers.get(product, 0))
        ]

    # === Selection === #

    @api.model
    def _resolve(self, numbers=(), ranges=(), domain=Domain.TRUE):
        """The cards with these numbers, in order of number.

        :param numbers: texts as typed, scanned or read from a file (normalised here)
        :param ranges: pairs of first and last number, both included; numbers of the same width that differ in digits
        :param domain: what may be found at all (e.g. the sender's own numbers); others count as unknown
        :raise UserError: names at most 20 unknown numbers, or the range that is none or empty
        """
        domain = Domain(domain)
        wanted = {normalise.number(number) for number in numbers} - {""}
        cards = self.search(domain & Domain("number", "in", list(wanted))) if wanted else self.browse()
        if len(cards) != len(wanted):
            unknown = sorted(wanted - set(cards.mapped("number")))
            raise UserError(
                self.env._(
                    "%(count)s numbers are not among those that can be chosen here: %(numbers)s",
                    count=len(unknown),
                    numbers=self._enumerate(unknown),
                )
            )
        for first, last in ranges:
            cards |= self._resolve_range(normalise.number(first), normalise.number(last), domain)
        return cards.sorted("number") if ranges else cards

    def _resolve_range(self, first, last, domain):
        differing = next(((a, b) for a, b in zip(first, last, strict=False) if a != b), ("0", "0"))
        if len(first) != len(last) or first > last or not "".join(differing).isdigit():
            raise UserError(
                self.env._(
                    "“%(first)s” to “%(last)s” is no range: both numbers need the same prefix and the same length,"
                    " the lower one first.",
                    first=first,
                    last=last,
                )
            )
        in_range = (
            Domain("number", ">=", first) & Domain("number", "<=", last) & Domain("number", "=like", "_" * len(first))
        )
        cards = self.search(domain & in_range)
        if not cards:
            raise UserError(
                self.env._(
                    "From “%(first)s” to “%(last)s” there is no number that can be chosen here.", first=first, last=last
                )
            )
        return cards

    @api.model
    def _lowest(self, domain, limit):
        """The ``limit`` lowest numbers (by code point) that fit ``domain``."""
        return self.search(domain, order="number", limit=limit)

    @api.model
    def _enumerate(self, lines):
        """At most 20 of ``lines`` as one text; the rest is counted."""
        lines = list(lines)
        text = ", ".join(lines[:NAMED_AT_MOST])
        if len(lines) > NAMED_AT_MOST:
            text = self.env._("%(text)s and %(count)s more", text=text, count=len(lines) - NAMED_AT_MOST)
        return text

    @api.model
    def _subject_domain(self, subject):
        """A dealer sees what it and its subtree hold, staff what their dealer holds, a member its own (CH-16)."""
        domain = super()._subject_domain(subject)
        if subject.kind == "member":
            return domain | Domain("member_id", "in", self.env["crab.member"]._asking(subject)._with_merged().ids)
        if subject.kind == "dealer":
            return domain | Domain("dealer_id", "child_of", self.env["crab.dealer"]._asking(subject).ids)
        return domain | Domain("dealer_id", "in", self.env["crab.dealer"]._behind(subject).ids)
