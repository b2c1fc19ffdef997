import hmac

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import SQL

from ..tools import keyring

ROTATED_AT_ONCE = 20_000


class CrabCardKey(models.Model):
    """Which keys the passwords of the register were hashed with: one row per chain of key ids, no key material."""

    _name = "crab.card.key"
    _description = "Keys of card passwords"
    _order = "id"
    _rec_name = "chain"
    _log_access = False

    chain = fields.Char(
        "Key ids", required=True, readonly=True, help="The first key hashed the password, later ones wrapped the hash."
    )
    check_value = fields.Char(required=True, readonly=True, groups="base.group_system")
    count = fields.Integer("Numbers", compute="_compute_count")
    is_current = fields.Boolean("Current", compute="_compute_is_current")

    _chain_uniq = models.UniqueIndex("(chain)", "These keys are known already.")

    def _compute_count(self):
        self.env.cr.execute(
            SQL("SELECT key_id, count(*) FROM crab_card WHERE key_id = ANY(%s) GROUP BY key_id", self.ids)
        )
        counts = dict(self.env.cr.fetchall())
        for key in self:
            key.count = counts.get(key.id, 0)

    def _compute_is_current(self):
        try:
            current = keyring.load().current
        except keyring.KeyringError:
            current = None
        for key in self:
            key.is_current = bool(current) and key.chain.split(keyring.CHAIN_MARK)[-1] == current

    # === The key ring and whether it fits === #

    @api.model
    def _keyring_problem(self):
        """Why card passwords cannot be checked now, for the operator and readiness; ``None`` when all is well."""
        try:
            ring = keyring.load()
        except keyring.KeyringError as exc:
            reasons = {
                "unset": self.env._("the environment variable %(name)s is not set", name=exc.detail),
                "unreadable": self.env._("the file %(name)s cannot be read", name=exc.detail),
                "damaged": self.env._("the key file is damaged"),
            }
            return self.env._("The keys of the card passwords are not available: %(reason)s.", reason=reasons[exc.kind])
        return self._misfit(ring)

    @api.model
    def _misfit(self, ring):
        self.flush_model()
        self.env.cr.execute("SELECT chain, check_value FROM crab_card_key ORDER BY id")  # at each password: no ORM
        for chain, check_value in self.env.cr.fetchall():
            missing = [kid for kid in chain.split(keyring.CHAIN_MARK) if kid not in ring]
            if missing:
                return self.env._(
                    "The key file lacks the key “%(kid)s”, which passwords of this database need.", kid=missing[0]
                )
            if not hmac.compare_digest(ring.check_value(chain), check_value):
                return self.env._(
                    "The key “%(chain)s” of the key file is not the one that passwords of this database were hashed"
                    " with.",
                    chain=chain,
                )
        return None

    @api.model
    def _ring(self):
        """The key ring, checked against the database.

        :raise UserError: when it is missing or wrong; entering and importing cards is refused then
        """
        problem = self._keyring_problem()
        if problem:
            raise UserError(
                self.env._(
                    "Card numbers and passwords cannot be processed now. %(problem)s Please inform the operator.",
                    problem=problem,
                )
            )
        return keyring.load()

    @api.model
    def _current(self, ring):
        """The row of the ring's current key in this database, made when the key is used first."""
        return self._of_chain(ring, ring.current)

    @api.model
    def _of_chain(self, ring, chain):
        self.env.cr.execute(  # a transaction that loses the race to be the first is restarted
            SQL(
                "INSERT INTO crab_card_key (chain, check_value) VALUES (%s, %s) ON CONFLICT (chain) DO NOTHING",
                chain,
                ring.check_value(chain),
            )
        )
        return self.sudo().search([("chain", "=", chain)])  # which keys there are is no secret

    # === Rotation === #

    def action_rotate(self):
        """Wrap all older hashes by the current key, as a job; cards stay usable all the while."""
        if not self.env.user.has_group("crab_base.group_admin"):
            raise AccessError(self.env._("Only the head-office administrator rotates the keys of card passwords."))
        self._ring()
        self.env["crab.card.key"].with_delay(
            identity_key="crab.card.key.rotate", description=self.env._("Rotate the keys of card passwords")
        )._rotate_step(0)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("The rotation runs in the background."),
                "next": {"type": "ir.actions.act_window_close"},
            },
        }

    @api.model
    def _rotate_step(self, after):
        """One job: rotate the next numbers, and go on in a job of its own, so that no number is locked for long."""
        last_id = self._rotate(after, ROTATED_AT_ONCE)
        if last_id:
            self.with_delay(description=self.env._("Rotate the keys of card passwords"))._rotate_step(last_id)

    @api.model
    def _rotate(self, after=0, limit=None):
        """Wrap hashes that do not end with the current key; repeatable, each number is wrapped once.

        :param after: only numbers with a greater id
        :param limit: at most so many numbers
        :return: id of the last number that was rotated, or ``None`` when there was none
        """
        ring = self._ring()
        older = {
            key.id: self._of_chain(ring, key.chain + keyring.CHAIN_MARK + ring.current).id
            for key in self.sudo().search([])  # which keys there are is no secret
            if key.chain.split(keyring.CHAIN_MARK)[-1] != ring.current
        }
        self.env.cr.execute(
            SQL(
                "SELECT id, key_id, password_hash FROM crab_card WHERE id > %s AND key_id = ANY(%s)"
                " ORDER BY id LIMIT %s FOR NO KEY UPDATE",
                after,
                list(older),
                limit,
            )
        )
        rows = self.env.cr.fetchall()
        if not rows:
            return None
        self.env.cr.execute(
            SQL(
                "UPDATE crab_card c SET password_hash = v.hash, key_id = v.key_id"
                " FROM unnest(%s::int[], %s::int[], %s::bytea[]) AS v(id, key_id, hash) WHERE c.id = v.id",
                [card_id for card_id, _key_id, _hash in rows],
                [older[key_id] for _card_id, key_id, _hash in rows],
                [ring.wrap(ring.current, bytes(old_hash)) for _card_id, _key_id, old_hash in rows],
            )
        )
        return rows[-1][0]
