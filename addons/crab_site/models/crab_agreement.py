from psycopg2 import IntegrityError

from odoo import api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.tools import SQL, is_html_empty

from odoo.addons.crab_base.tools.locks import lock_rows

GUARD = object()  # in the context of what only the button may write
KINDS = [
    ("registration", "Registration agreement"),
    ("service", "Service agreement"),
    ("supplier", "Supplier agreement"),
]
KINDS_OF = {"member": ("registration", "service"), "dealer": ("service", "supplier"), "staff": ("service",)}


class CrabAgreement(models.Model):
    """A version of an agreement: a draft until published, then for ever as it is; the newest one holds (HQ-59)."""

    _name = "crab.agreement"
    _description = "Agreement"
    _inherit = ["crab.public.id.mixin"]
    _order = "kind, number desc nulls first, id desc"

    kind = fields.Selection(KINDS, required=True, default="registration", index=True)
    number = fields.Integer("Version", readonly=True, copy=False, aggregator=None, help="Given when it is published.")
    title = fields.Char(required=True, size=64)
    body = fields.Html("Text", sanitize_overridable=False)
    state = fields.Selection(
        [("draft", "Draft"), ("published", "Published")], required=True, readonly=True, default="draft", copy=False
    )
    published_at = fields.Datetime("Published on", readonly=True, copy=False)
    published_by_id = fields.Many2one("res.users", "Published by", readonly=True, copy=False)
    is_holding = fields.Boolean("Holds", compute="_compute_is_holding", help="The newest published version.")
    acceptance_count = fields.Integer("Accepted by", compute="_compute_acceptance_count")

    _number_uniq = models.UniqueIndex("(kind, number) WHERE state = 'published'", "This version exists.")
    _published_whole = models.Constraint(
        "CHECK ((state = 'published') = (published_at IS NOT NULL))", "What is published has its time."
    )

    # ------------------------------------------------------------------ computes

    @api.depends("kind", "number", "state")
    def _compute_display_name(self):
        labels = dict(self._fields["kind"]._description_selection(self.env))
        for agreement in self:
            agreement.display_name = (
                self.env._("%(kind)s, version %(number)s", kind=labels.get(agreement.kind, ""), number=agreement.number)
                if agreement.state == "published"
                else self.env._("%(kind)s, draft", kind=labels.get(agreement.kind, ""))
            )

    @api.depends("state", "kind")
    def _compute_is_holding(self):
        holding = self._holding()
        for agreement in self:
            agreement.is_holding = agreement._origin in holding

    def _compute_acceptance_count(self):
        counts = dict(
            self.env["crab.agreement.acceptance"]._read_group(
                [("agreement_id", "in", self.ids)], ["agreement_id"], ["__count"]
            )
        )
        for agreement in self:
            agreement.acceptance_count = counts.get(agreement._origin, 0)

    # ------------------------------------------------------------------ CRUD

    @api.model_create_multi
    def create(self, vals_list):
        if any({"state", "number", "published_at", "published_by_id"} & vals.keys() for vals in vals_list):
            raise UserError(self.env._("An agreement begins as a draft."))
        return super().create(vals_list)

    def write(self, vals):
        if self.env.context.get("crab_guard") is not GUARD:
            if {"state", "number", "published_at", "published_by_id"} & vals.keys():
                raise UserError(self.env._("Publish the agreement with its button."))
            if vals and any(agreement.state == "published" for agreement in self):
                raise UserError(self.env._("What is published stays as it is. Make a new version."))
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_drafts_only(self):
        if any(agreement.state == "published" for agreement in self):
            raise UserError(self.env._("What is published stays as it is. Make a new version."))

    # ------------------------------------------------------------------ buttons

    def action_publish(self):
        """From now on these versions hold; who accepted an older one is asked again.

        :raise UserError: for one without text; nothing is published then
        """
        self.check_access("write")
        lock_rows(self)
        for agreement in self.filtered(lambda agreement: agreement.state == "draft"):
            if is_html_empty(agreement.body):
                raise UserError(self.env._("“%(title)s” has no text yet.", title=agreement.title))
            agreement._publish()

    def _publish(self):
        try:
            with self.env.cr.savepoint():
                self.with_context(crab_guard=GUARD).write(
                    {
                        "number": self._last_number() + 1,
                        "state": "published",
                        "published_at": fields.Datetime.now(),
                        "published_by_id": self.env.uid,
                    }
                )
        except IntegrityError as exc:
            if exc.diag.constraint_name != "crab_agreement_number_uniq":
                raise
            # another version of this kind was published at this moment: run again and take the next number
            raise ConcurrencyError(self.env._("Another version is being published.")) from exc
        self.env.invalidate_all()

    def _last_number(self):
        return self._holding((self.kind,)).number

    def action_new_version(self):
        """Open a draft with the text of this version."""
        self.ensure_one()
        return self.copy()._get_records_action()

    def action_open_acceptances(self):
        """Who accepted this version."""
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_site.crab_agreement_acceptance_action")
        return {**action, "domain": [("agreement_id", "in", self.ids)], "context": {}}

    # ------------------------------------------------------------------ for the app

    @api.model
    def _holding(self, kinds=None):
        """The versions that hold, at most one of each kind, in sudo: they are for everybody.

        :param kinds: of ``KINDS``; default all
        """
        self.flush_model(["kind", "number", "state"])
        self.env.cr.execute(
            SQL(
                """
                SELECT DISTINCT ON (kind) id FROM crab_agreement WHERE state = 'published' AND kind = ANY(%s)
                 ORDER BY kind, number DESC
                """,
                list(dict(KINDS) if kinds is None else kinds),
            )
        )
        return self.sudo().browse(row[0] for row in self.env.cr.fetchall())

    @api.model
    def _missing(self, subject):
        """The agreements that hold for this subject and that it has not accepted in this version, in sudo.

        :raise AccessError: (403) for users of the back office and closed people
        """
        account_sudo = self.env["crab.account"]._crab_of_subject(subject)
        return (
            self._holding(KINDS_OF[subject.kind]) - self.env["crab.agreement.acceptance"]._of(account_sudo).agreement_id
        )

    def _accept(self, subject, address=None):
        """Keep that ``subject`` accepts these versions; what it accepted before stays as it was.

        :param address: of the network, if known
        :raise AccessError: (403) for users of the back office and closed people
        :raise UserError: when one of them does not hold (any more) and was not accepted before; nothing is kept then
        :return: the acceptances, in sudo
        """
        account_sudo = self.env["crab.account"]._crab_of_subject(subject)
        return self.env["crab.agreement.acceptance"]._keep(self, account_sudo, subject, address)

    def _ensure_holding(self):
        """:raise UserError: when one of these versions does not hold"""
        if self.sudo() - self._holding():
            raise UserError(self.env._("There is a newer version of the agreement. Please read and accept it."))
