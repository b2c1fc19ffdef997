from odoo import api, fields, models
from odoo.exceptions import ValidationError
from odoo.orm.models import NO_ACCESS
from odoo.tools import SQL


class CrabMemberTag(models.Model):
    """A mark on members, given by hand or by a rule.

    A rule is applied every night: who meets all its conditions gets the tag, who no longer does loses it. What was
    given by hand stays; what a rule gave and was taken off by hand stays off until the rule changes.
    """

    _name = "crab.member.tag"
    _description = "Member tag"
    _order = "name"

    name = fields.Char(required=True, translate=True)
    color = fields.Integer()
    member_ids = fields.Many2many("crab.member", "crab_member_tag_rel", "tag_id", "member_id", "Members")
    member_count = fields.Integer("Number of members", compute="_compute_member_count")
    is_by_rule = fields.Boolean(
        "By rule",
        help="Every night all who meet the conditions get this tag; who no longer does loses it again. "
        "Taken off by hand, it stays off until the rule changes.",
    )
    removed_member_ids = fields.Many2many(
        "crab.member",
        "crab_member_tag_removed_rel",
        "tag_id",
        "member_id",
        "Taken off by hand",
        groups=NO_ACCESS,
        copy=False,
    )
    rule_level_ids = fields.Many2many("crab.member.level", string="Levels", help="Empty: any level.")
    rule_dealer_id = fields.Many2one(
        "crab.dealer",
        "Network of the dealer",
        ondelete="restrict",
        help="Members of this dealer and of those below it.",
    )

    _name_uniq = models.UniqueIndex("(name)", "This tag exists.")

    def _compute_member_count(self):
        counts = {}
        if self.ids:
            self.env.flush_all()
            self.env.cr.execute(
                SQL(
                    "SELECT tag_id, COUNT(*) FROM crab_member_tag_rel WHERE tag_id = ANY(%s) GROUP BY 1", list(self.ids)
                )
            )
            counts = dict(self.env.cr.fetchall())
        for tag in self:
            tag.member_count = counts.get(tag._origin.id, 0)

    def write(self, vals):
        result = super().write(vals)
        if vals.keys() & {"is_by_rule", *self._rule_fields()}:
            self._note_removed()
            self.sudo().removed_member_ids = [(5,)]  # sudo: nobody edits it
        return result

    # ------------------------------------------------------------------ rules

    @api.model
    def _rule_fields(self):
        """Hook: the fields that make up a rule; one of them at least is filled in."""
        return ["rule_level_ids", "rule_dealer_id"]

    @api.constrains(lambda self: ["is_by_rule", *self._rule_fields()])
    def _check_rule(self):
        for tag in self.filtered("is_by_rule"):
            if not any(tag[field] for field in self._rule_fields()):
                raise ValidationError(self.env._("“%(tag)s”: enter at least one condition of the rule.", tag=tag.name))

    def _rule_conditions(self):
        """Hook: conditions as SQL on the row ``member`` of ``crab_member``, all of which are to be met."""
        self.ensure_one()
        conditions = []
        if self.rule_level_ids:
            conditions.append(SQL("member.level_id = ANY(%s)", list(self.rule_level_ids.ids)))
        if self.rule_dealer_id:
            conditions.append(
                SQL(
                    "member.dealer_id IN (SELECT id FROM crab_dealer WHERE parent_path LIKE %s)",
                    f"{self.rule_dealer_id.parent_path}%",
                )
            )
        return conditions

    def _rule_members_sql(self) -> SQL:
        """The ids of the active members who meet the rule; none without one."""
        conditions = self._rule_conditions() if self.is_by_rule else []
        met = SQL(" AND ").join(conditions) if conditions else SQL("false")
        return SQL("SELECT member.id FROM crab_member member WHERE member.state = 'active' AND %s", met)

    def _note_removed(self):
        """Keep from whom users took what the rule had given."""
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                WITH removed AS (
                    DELETE FROM crab_member_tag_rule_rel given
                     WHERE tag_id = ANY(%s) AND NOT EXISTS (
                           SELECT FROM crab_member_tag_rel own
                            WHERE own.tag_id = given.tag_id AND own.member_id = given.member_id)
                    RETURNING tag_id, member_id
                )
                INSERT INTO crab_member_tag_removed_rel (tag_id, member_id) SELECT tag_id, member_id FROM removed
                    ON CONFLICT DO NOTHING
                """,
                list(self.ids),
            )
        )
        self.env["crab.member"].invalidate_model(["rule_tag_ids"], flush=False)
        self.invalidate_recordset(["removed_member_ids"], flush=False)

    def _apply_rules(self):
        """Give these tags to who meets their rules, and take from who does not what the rule had given."""
        self._note_removed()
        for tag in self:
            self.env.cr.execute(
                SQL(
                    """
                    WITH met AS MATERIALIZED (%(met)s),
                    gone AS (
                        DELETE FROM crab_member_tag_rule_rel
                         WHERE tag_id = %(tag)s AND member_id NOT IN (SELECT id FROM met) RETURNING member_id
                    ),
                    removed AS (
                        DELETE FROM crab_member_tag_rel
                         WHERE tag_id = %(tag)s AND member_id IN (SELECT member_id FROM gone)
                    ),
                    added AS (
                        INSERT INTO crab_member_tag_rel (member_id, tag_id) SELECT id, %(tag)s FROM met
                         WHERE id NOT IN (SELECT member_id FROM crab_member_tag_removed_rel WHERE tag_id = %(tag)s)
                            ON CONFLICT DO NOTHING RETURNING member_id
                    )
                    INSERT INTO crab_member_tag_rule_rel (member_id, tag_id) SELECT member_id, %(tag)s FROM added
                        ON CONFLICT DO NOTHING
                    """,
                    met=tag._rule_members_sql(),
                    tag=tag.id,
                )
            )
        self.env["crab.member"].invalidate_model(["tag_ids", "rule_tag_ids"], flush=False)
        self.invalidate_model(["member_ids", "member_count"], flush=False)

    @api.model
    def _cron_apply_rules(self):
        """Every night: one statement per tag, each committed by itself; tags without a rule give back what it gave."""
        tags = self.search([])
        cron = self.env["ir.cron"]
        cron._commit_progress(remaining=len(tags))
        for tag in tags:
            tag._apply_rules()
            if not cron._commit_progress(1):
                break

    # ------------------------------------------------------------------ buttons

    def action_count(self):
        """Say how many members meet the rule, without giving the tag to anybody."""
        self.ensure_one()
        self.check_access("read")
        self.env.flush_all()
        self.env.cr.execute(SQL("SELECT COUNT(*) FROM (%s) AS met", self._rule_members_sql()))
        [count] = self.env.cr.fetchone()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "type": "info",
                "message": self.env._("%(count)s members meet the rule of “%(tag)s”.", count=count, tag=self.name),
            },
        }

    def action_apply(self):
        """Apply the rule now instead of tonight."""
        self.check_access("write")
        self._apply_rules()

    def action_open_members(self):
        """Who has this tag."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id("crab_member.crab_member_action")
        return {**action, "domain": [("tag_ids", "in", self.ids)], "context": {}}
