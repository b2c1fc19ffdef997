from odoo import api, models
from odoo.tools import SQL, split_every

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.spreadsheet import Column
from odoo.addons.crab_base.tools.timezone import business_date

PART = 20_000  # members that are made at a time


class CrabImportMember(models.AbstractModel):
    """Members with level, owner and inviter. Who is a member already is refused."""

    _name = "crab.import.member"
    _inherit = "crab.import.kind"
    _description = "Import of members"

    @api.model
    def _groups(self):
        return ["crab_base.group_admin", "crab_base.group_customer_service"]

    @api.model
    def _columns(self):
        return [
            Column("会员号", "number", cells.code(upper=False), required=True, unique=True, example="M000001"),
            Column("姓名", "name", cells.text(64), required=True, example="汪雨思"),
            Column("手机号", "phone", cells.phone(), required=True, unique=True, example="15026064065"),
            Column("等级", "level", cells.text(64), example="普通会员", help=self.env._("Empty: the base level.")),
            Column(
                "归属渠道商",
                "dealer",
                cells.text(64),
                example="C0106",
                help=self.env._("Code of the dealer. Empty: the dealer of the inviting member."),
            ),
            Column("邀请会员号", "inviter", cells.code(upper=False), help=self.env._("May stand in a later row.")),
            Column("注册日期", "registered", cells.date(), example="2026-09-12", help=self.env._("Empty: today.")),
        ]

    @api.model
    def _known(self, rows):
        """What the rows refer to, each in one query.

        :return: ``{number: (member id, dealer id)}``, levels by name, dealers by code
        """
        numbers = {row["number"] for row in rows} | {row["inviter"] for row in rows if row["inviter"]}
        # SQL: what is in use is in use, whoever may see it; a join, as PostgreSQL would look up each of a long list in
        # the index for searches by a part of the number
        self.env.cr.execute(
            SQL(
                "SELECT number, id, dealer_id FROM unnest(%s::varchar[]) AS asked(number)"
                " JOIN crab_member USING (number)",
                list(numbers),
            )
        )
        return (
            {number: (member_id, dealer_id) for number, member_id, dealer_id in self.env.cr.fetchall()},
            {level.name: level for level in self.env["crab.member.level"].search([])},
            {
                dealer.code: dealer
                for dealer in self.env["crab.dealer"].search(
                    [("code", "in", list({row["dealer"] for row in rows if row["dealer"]}))]
                )
            },
        )

    @api.model
    def _check(self, rows):
        self.env.flush_all()
        members, levels, dealers = self._known(rows)
        closed = {code for code, dealer in dealers.items() if dealer.state != "active"}
        self.env.cr.execute(  # as in _known
            SQL(
                "SELECT account.phone, member.number FROM unnest(%s::varchar[]) AS asked(phone)"
                " JOIN crab_account AS account ON account.phone = asked.phone AND account.state = 'live'"
                " JOIN crab_member AS member ON member.account_id = account.id",
                [row["phone"] for row in rows],
            )
        )
        with_member = dict(self.env.cr.fetchall())
        in_file = {row["number"] for row in [*rows, *rows.bad] if row["number"]}
        on_cycle = self._on_cycle({row["number"]: row["inviter"] for row in rows})
        # not for each bad row anew: looking up a translation takes longer than checking a row
        in_use, missing, is_closed = (
            self.env._("is already in use"),
            self.env._("does not exist"),
            self.env._("is closed"),
        )
        circle, taken = self.env._("leads back to the member itself"), self.env._("belongs to the member %(number)s")
        errors = []
        for row in rows:
            if row["number"] in members:
                errors.append((row.number, "会员号", in_use))
            if row["phone"] in with_member:
                errors.append((row.number, "手机号", taken % {"number": with_member[row["phone"]]}))
            if row["level"] and row["level"] not in levels:
                errors.append((row.number, "等级", missing))
            if row["dealer"] and row["dealer"] not in dealers:
                errors.append((row.number, "归属渠道商", missing))
            elif row["dealer"] in closed:
                errors.append((row.number, "归属渠道商", is_closed))
            if row["inviter"] and row["inviter"] not in in_file and row["inviter"] not in members:
                errors.append((row.number, "邀请会员号", missing))
            elif row["number"] in on_cycle:
                errors.append((row.number, "邀请会员号", circle))
        return errors

    @api.model
    def _on_cycle(self, inviters):
        """Numbers that stand on a circle of inviters."""
        done, on_cycle = set(), set()
        for start in inviters:
            path, current = {}, start
            while current in inviters and current not in done and current not in path:
                path[current] = len(path)
                current = inviters[current]
            if current in path:
                on_cycle |= {number for number, place in path.items() if place >= path[current]}
            done.update(path)  # |= with the keys of a dict would make a new set for each row
        return on_cycle

    @api.model
    def _owners(self, rows, members, dealers):
        """``{number: dealer id}``: the one given, else that of the inviter, which may follow from its own inviter."""
        by_number = {row["number"]: row for row in rows}
        owners = {}
        for row in rows:
            path, current = [], row["number"]
            while current in by_number and current not in owners and not by_number[current]["dealer"]:
                path.append(current)
                current = by_number[current]["inviter"]
            if current in owners:
                owner = owners[current]
            elif current in by_number:
                owner = owners[current] = dealers[by_number[current]["dealer"]].id
            else:
                owner = members[current][1] if current else False
            owners.update(dict.fromkeys(path, owner))
        return owners

    @api.model
    def _load(self, rows):
        members, levels, dealers = self._known(rows)
        owners = self._owners(rows, members, dealers)
        members_env = self.env["crab.member"].with_context(
            tracking_disable=True,
            mail_create_nolog=True,
            mail_create_nosubscribe=True,
            crab_reason=self.env._("Import"),
        )
        base, today = self.env["crab.member.level"]._default().id, business_date()
        ids = {number: member_id for number, (member_id, _dealer_id) in members.items()}
        for part in split_every(PART, rows, list):
            made = members_env._create_in_sets(
                [
                    {
                        "number": row["number"],
                        "name": row["name"],
                        "phone": row["phone"],
                        "dealer_id": owners[row["number"]],
                        "level_id": levels[row["level"]].id if row["level"] else base,
                        "registered_date": row["registered"] or today,
                    }
                    for row in part
                ]
            )
            ids.update(zip((row["number"] for row in part), made.ids, strict=True))
        pairs = [(ids[row["number"]], ids[row["inviter"]]) for row in rows if row["inviter"]]
        if pairs:
            # inviters may stand below: they are linked when all exist; the file was checked for circles
            self.env.cr.execute(
                SQL(
                    "UPDATE crab_member SET inviter_id = pair.inviter"
                    " FROM unnest(%s, %s) AS pair(member, inviter) WHERE id = pair.member",
                    [member for member, _inviter in pairs],
                    [inviter for _member, inviter in pairs],
                )
            )
            self.env.invalidate_all()
        return members_env.browse(ids[row["number"]] for row in rows)
