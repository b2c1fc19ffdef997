import re
import secrets

from psycopg2 import IntegrityError

from odoo import api, fields, models, tools
from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.fields import Domain
from odoo.orm.models import NO_ACCESS
from odoo.tools import SQL

from odoo.addons.crab_base.models.crab_public_id_mixin import uuid7
from odoo.addons.crab_base.tools.locks import lock_rows
from odoo.addons.crab_base.tools.rows import insert_like

from ..tools import phone as phone_tools

PASSWORD_LENGTH = 8
GUARDED = {
    "state",
    "partner_id",
    "merged_into_id",
    "public_id",
    "erased_at",
}  # written by the methods below, by no user


class CrabAccount(models.Model):
    """The login of a person outside the back office, whose rights come from its roles: member, dealer, dealer staff."""

    _name = "crab.account"
    _description = "Account"
    _inherit = ["crab.public.id.mixin", "mail.thread"]
    _order = "id desc"
    _rec_names_search = ["name", "phone"]

    name = fields.Char(required=True, index="trigram", tracking=True)
    phone = fields.Char(
        index="trigram", tracking=True, help="The login. Changing it ends the sessions of the old number.", copy=False
    )
    partner_id = fields.Many2one(
        "res.partner", "Partner", required=True, readonly=True, ondelete="restrict", copy=False
    )
    state = fields.Selection(
        [("live", "Live"), ("closed", "Closed")],
        required=True,
        default="live",
        readonly=True,
        tracking=True,
        copy=False,
    )
    merged_into_id = fields.Many2one("crab.account", "Merged into", readonly=True, index="btree_not_null", copy=False)
    union_id = fields.Char("WeChat union id", groups=NO_ACCESS, copy=False)
    openid_ids = fields.One2many("crab.account.openid", "account_id", groups=NO_ACCESS)
    password_hash = fields.Char(groups=NO_ACCESS, copy=False)
    token_generation = fields.Integer(
        groups=NO_ACCESS, default=0, copy=False, help="Part of every login token; counting it up ends all sessions."
    )

    _phone_uniq = models.UniqueIndex("(phone) WHERE state = 'live'", "This phone number already has an account.")
    _union_id_uniq = models.UniqueIndex(
        "(union_id) WHERE state = 'live'", "This WeChat identity already has an account."
    )
    _partner_uniq = models.Constraint("UNIQUE(partner_id)", "A partner has one account.")
    _phone_e164 = models.Constraint(
        "CHECK(phone ~ '^[+][1-9][0-9]{6,14}$')", "A phone number is stored with its country code."
    )
    _merged_closed = models.Constraint(
        "CHECK(merged_into_id IS NULL OR (state = 'closed' AND merged_into_id <> id))", "A merged account is closed."
    )

    # ------------------------------------------------------------------ compute

    @api.depends("name", "phone")
    def _compute_display_name(self):
        for account in self:
            number = phone_tools.national(account.phone)
            account.display_name = f"{account.name} ({number})" if number else account.name

    @api.model
    def _search_display_name(self, operator, value):
        domain = super()._search_display_name(operator, value)
        if isinstance(value, str) and operator in ("ilike", "=") and (number := phone_tools.normalise(value)):
            return Domain(domain) | Domain("phone", "=", number)
        return domain

    # ------------------------------------------------------------------ CRUD

    @api.model_create_multi
    def create(self, vals_list):
        self.check_access("create")  # before anything is said about phone numbers
        for vals in vals_list:
            self._refuse_guarded(vals)
            if not (vals.get("name") or vals.get("partner_id")):
                raise ValidationError(self.env._("An account needs a name."))
        vals_list = [{**vals, "phone": self._clean_phone(vals.get("phone"))} for vals in vals_list]
        without = [vals for vals in vals_list if not vals.get("partner_id")]
        # sudo: the partner is a part of the account, whoever may make accounts need not manage partners
        partners_sudo = (
            self.env["res.partner"]
            .sudo()
            .with_context(tracking_disable=True, mail_create_nosubscribe=True, mail_notrack=True)
            .create([{"name": vals["name"], "phone": vals["phone"], "tz": "Asia/Shanghai"} for vals in without])
        )
        for vals, partner in zip(without, partners_sudo, strict=True):
            vals["partner_id"] = partner.id
        return super().create(vals_list)

    def write(self, vals):
        self._refuse_guarded(vals)
        if "phone" in vals:
            vals = {**vals, "phone": self._clean_phone(vals["phone"])}
            self.filtered(lambda account: account.phone != vals["phone"])._revoke_tokens()
        result = super().write(vals)
        partner_vals = {key: vals[key] for key in ("name", "phone") if key in vals}
        if partner_vals:
            self.partner_id.sudo().write(partner_vals)  # sudo: as in create
        return result

    @api.model
    def _refuse_guarded(self, vals):
        guarded = GUARDED & vals.keys()
        if guarded and not self.env.su:
            labels = self.fields_get(guarded, ["string"])
            raise UserError(
                self.env._(
                    "%(fields)s: use the buttons of the account.",
                    fields=", ".join(labels[field]["string"] for field in sorted(labels)),
                )
            )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_ever(self):
        raise UserError(self.env._("Accounts are closed, not deleted: documents refer to their person."))

    def copy_data(self, default=None):
        raise UserError(self.env._("An account belongs to one person and cannot be duplicated."))

    # ------------------------------------------------------------------ actions

    def action_close(self):
        """Close the login. The number becomes free for another person."""
        self.check_access("write")
        self.filtered(lambda account: account.state == "live")._set_closed()

    def action_reopen(self):
        """Let the person log in again, if nobody else has the number by now."""
        self.check_access("write")
        self._set_live()

    def action_end_sessions(self):
        """Log the person out everywhere."""
        self.check_access("write")
        self._revoke_tokens()

    # ------------------------------------------------------------------ business

    @api.private
    def _clean_phone(self, value):
        """E.164 of ``value``, False if empty.

        :raise ValidationError: if it is no phone number
        """
        if not value or not str(value).strip():
            return False
        number = phone_tools.normalise(value)
        if not number:
            raise ValidationError(self.env._("“%(value)s” is not a phone number.", value=value))
        return number

    @api.model
    def _find_by_phone(self, phone):
        """The live account with this phone number in any writing, in sudo; empty if none."""
        number = phone_tools.normalise(phone)
        return self.sudo().search([("phone", "=", number), ("state", "=", "live")]) if number else self.sudo().browse()

    @api.model
    def _get_or_create(self, vals_list):
        """The live accounts with these phone numbers; those that do not exist are created, in sets.

        An existing account keeps its name. The same number twice in the list gives the same account twice.

        :param vals_list: dicts with ``name`` and ``phone`` (any writing)
        :return: accounts in sudo, one per entry, in its order, as a list
        :raise ValidationError: for a missing or wrong phone number
        :raise ConcurrencyError: when another transaction just made one of them; the caller's transaction is restarted
        """
        accounts_sudo = self.sudo()  # sudo: a registration has no user with rights on accounts
        numbers = [self._clean_phone(vals.get("phone")) for vals in vals_list]
        if not all(numbers):
            raise ValidationError(self.env._("A phone number is missing."))
        by_phone = accounts_sudo._live_by_phone(set(numbers))
        missing = {}
        for number, vals in zip(numbers, vals_list, strict=True):
            if number not in by_phone:
                missing.setdefault(number, {**vals, "phone": number})
        if missing:
            try:
                with self.env.cr.savepoint():
                    created = accounts_sudo._create_in_sets(list(missing.values()))
            except IntegrityError as exc:
                raise ConcurrencyError(self.env._("The account was made by someone else just now.")) from exc
            by_phone.update(zip(missing, created, strict=True))
        return [by_phone[number] for number in numbers]

    @api.model
    def _live_by_phone(self, numbers):
        """``{phone number: live account}`` of those of ``numbers`` (E.164) that have one."""
        self.flush_model(["phone", "state"])
        self.env.cr.execute(  # a join, as PostgreSQL would look up each of a long list in the index for searches
            SQL(
                "SELECT phone, id FROM unnest(%s::varchar[]) AS asked(phone) JOIN crab_account USING (phone)"
                " WHERE state = 'live'",
                list(numbers),
            )
        )
        rows = self.env.cr.fetchall()
        accounts = self.browse(account_id for _phone, account_id in rows)
        return {phone: account for (phone, _id), account in zip(rows, accounts, strict=True)}

    @api.model
    def _create_in_sets(self, vals_list):
        """New accounts with their partners: the first by the ORM, the others as rows like it, without tracking mail.

        :param vals_list: dicts with ``name`` and ``phone`` (E.164), nothing else
        """
        first, *others = vals_list
        account = self.with_context(tracking_disable=True, mail_create_nosubscribe=True).create(first)
        account.flush_recordset()
        if not others:
            return account
        names = [vals["name"] for vals in others]
        phones = [vals["phone"] for vals in others]
        partners = insert_like(
            account.partner_id,
            {"name": names, "complete_name": names, "phone": phones, "phone_sanitized": phones},
        )
        return account + insert_like(
            account,
            {
                "name": names,
                "phone": phones,
                "partner_id": partners.ids,
                "public_id": [uuid7() for _vals in others],
            },
        )

    def _set_closed(self):
        """Close live accounts and end their sessions."""
        self._revoke_tokens()
        self.sudo().write({"state": "closed"})  # sudo: the state has no other door
        self.flush_recordset(["state"])  # the unique indexes of live accounts must see it

    def _set_live(self):
        """Reopen closed accounts.

        :raise UserError: for a merged one, or when its number belongs to another live account
        """
        closed = self.filtered(lambda account: account.state == "closed")
        merged = closed.filtered("merged_into_id")
        if merged:
            raise UserError(
                self.env._("%(name)s was merged into another account and stays closed.", name=merged[0].display_name)
            )
        taken = self.sudo().search(  # sudo: uniqueness holds beyond what the user sees
            [("phone", "in", closed.filtered("phone").mapped("phone")), ("state", "=", "live")], limit=1
        )
        if taken:
            raise UserError(
                self.env._(
                    "The number %(phone)s has been given to another account since.",
                    phone=phone_tools.national(taken.phone),
                )
            )
        closed.sudo().write({"state": "live"})  # sudo: the state has no other door

    def _ensure_live(self):
        """
        :raise UserError: when one of the accounts is closed
        """
        closed = self.filtered(lambda account: account.state != "live")
        if closed:
            raise UserError(self.env._("The account of %(name)s is closed.", name=closed[0].display_name))

    def _revoke_tokens(self):
        """End all sessions of these accounts: tokens carry the generation they were made with."""
        if not self.ids:
            return
        self.flush_recordset(["token_generation"])
        self.env.cr.execute(
            SQL("UPDATE crab_account SET token_generation = token_generation + 1 WHERE id = ANY(%s)", list(self.ids))
        )
        self.invalidate_recordset(["token_generation"])

    def _end_sessions(self, role, role_ids):
        """Hook: end the sessions of these accounts in this role alone, as a member, dealer or staff member with one of
        these ids; extended by the addon that keeps sessions.
        """

    def _set_password(self, password):
        """Set the password; sessions made with the old one end.

        :raise UserError: for one that is too weak
        """
        self.ensure_one()
        if (
            len(password or "") < PASSWORD_LENGTH
            or not re.search(r"[A-Za-z]", password)
            or not re.search(r"\d", password)
        ):
            raise UserError(
                self.env._(
                    "A password has at least %(count)s characters, with letters and digits.", count=PASSWORD_LENGTH
                )
            )
        self.sudo().password_hash = (
            self.env["res.users"]._crypt_context().hash(password)
        )  # sudo: field of services only
        self._revoke_tokens()

    @api.model
    @tools.ormcache()
    def _hash_of_nobody(self):
        """A hash that takes as long as any other, of a password that nobody knows."""
        return self.env["res.users"]._crypt_context().hash(secrets.token_hex())

    @api.model
    def _authenticate(self, phone, password):
        """The live account of this phone number if the password is right, in sudo; as slow for unknown numbers."""
        account_sudo = self._find_by_phone(phone)
        context = self.env["res.users"]._crypt_context()
        stored = account_sudo.password_hash
        if not stored:
            context.verify(password or "", self._hash_of_nobody())
            return account_sudo.browse()
        valid, renewed = context.verify_and_update(password or "", stored)
        if renewed:
            account_sudo.password_hash = renewed
        return account_sudo if valid else account_sudo.browse()

    def _merge_into(self, target):
        """Close this account and move its logins and roles to ``target``; documents keep their partner.

        The target keeps its own phone, union id and password where it has them. Roles move by ``_move_roles``.

        :raise UserError: when one of them is closed, both are the same, or they are two WeChat persons
        """
        self.ensure_one()
        target.ensure_one()
        if self == target:
            raise UserError(self.env._("An account cannot be merged into itself."))
        lock_rows(self | target)
        (self | target)._ensure_live()
        source_sudo, target_sudo = self.sudo(), target.sudo()  # sudo: fields of services only
        if source_sudo.union_id and target_sudo.union_id:
            raise UserError(
                self.env._(
                    "Both accounts are bound to WeChat, to two different people. Close one of them instead of merging."
                )
            )
        moved = {
            field: source_sudo[field]
            for field in ("phone", "union_id", "password_hash")
            if source_sudo[field] and not target_sudo[field]
        }
        source_sudo._set_closed()
        source_sudo.merged_into_id = target
        source_sudo.openid_ids.account_id = target
        target_sudo.write(moved)
        target_sudo._revoke_tokens()
        source_sudo._move_roles(target_sudo)
        source_sudo.message_post(body=self.env._("Merged into %(name)s.", name=target.display_name))
        target_sudo.message_post(body=self.env._("%(name)s was merged into this account.", name=self.display_name))

    def _move_roles(self, target):
        """Hook: move the roles (member, dealer, staff) of this account to ``target``. Both in sudo, rows locked.

        :raise UserError: when the target cannot take a role
        """
