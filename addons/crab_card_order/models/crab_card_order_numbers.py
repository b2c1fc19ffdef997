from odoo import models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.crab_base.tools.money import dec
from odoo.addons.crab_base.tools.timezone import business_date

NAMED_AT_MOST = 20


class NumbersRefused(UserError):
    """Some numbers cannot stand in a document; nothing was changed."""

    error_code = "numbers_refused"


class CrabCardOrder(models.Model):
    """The numbers of a document: which may be in it, linking them, counting and pricing them. Sets only."""

    _inherit = "crab.card.order"

    # === Which numbers fit === #

    def _number_rule(self):
        """What a number must be to stand in this document: column of ``crab.card`` → values, in order of telling.

        Used in the order given to choose numbers, to say why one does not fit, and as the expectation of the door.
        """
        self.ensure_one()
        kind = self.kind
        rule = {}
        if kind in ("issue", "direct"):
            rule["holder_kind"] = ("platform",)
        elif kind in ("transfer", "activation", "return"):
            rule["holder_kind"] = (self.sender_kind,)
            if self.sender_dealer_id:
                rule["dealer_id"] = tuple(self.sender_dealer_id.ids)
            if self.sender_member_id:
                rule["member_id"] = tuple(self.sender_member_id._now().ids)
        if kind not in ("cancel", "extension"):
            rule["kind"] = ("physical",)
        rule["state"] = ("inactive", "active") if kind in ("return", "cancel", "extension") else ("inactive",)
        if kind == "direct" or kind == "activation" and self.sender_kind != "dealer" or self.sender_member_id:
            rule["origin_dealer_id"] = (None,)
        rule["company_id"] = (self.company_id.id,)
        if kind == "direct":
            rule["product_id"] = tuple(self.line_ids.product_id.ids)
        return rule

    def _number_domain(self):
        """The numbers that can be chosen for this document now: they fit and no document holds them."""
        domain = Domain("transit_id", "=", False)
        for name, allowed in self._number_rule().items():
            domain &= Domain(name, "in", [value or False for value in allowed])
        if self._needs_valid_numbers():
            domain &= Domain("valid_until", "=", False) | Domain("valid_until", ">=", business_date())
        return domain

    def _needs_valid_numbers(self):
        """Nobody gets, or pays for, a number that can no longer be redeemed: its validity is extended first.

        What is on its way is still received.
        """
        return self.kind in ("issue", "transfer", "direct", "activation")

    def _rule_sql(self, name, allowed):
        column = SQL("card.%s", SQL.identifier(name))
        if allowed == (None,):
            return SQL("%s IS NULL", column)
        return SQL("%s = ANY(%s)", column, list(allowed))

    def _misfit_reason(self, name):
        """Why a number does not fit, without telling a stranger anything about it."""
        return {
            "holder_kind": self.env._("not in the sender's hands"),
            "dealer_id": self.env._("not in the sender's hands"),
            "member_id": self.env._("not in the sender's hands"),
            "kind": self.env._("not a physical card"),
            "state": self.env._("its state does not allow it"),
            "origin_dealer_id": self.env._("belongs to a level-1 dealer, not to the platform"),
            "company_id": self.env._("another company is its issuer"),
            "product_id": self.env._("the order has no such card"),
            "valid_until": self.env._("expired: extend its validity first"),
            "transit_id": self.env._("in transit with another document"),
        }[name]

    def _misfits(self, card_ids, limit=None):
        """Those of ``card_ids`` that cannot stand in this document: list of (card id, number, reason), by number."""
        rule = {**self._number_rule(), "transit_id": (None,)}
        conditions = {name: self._rule_sql(name, allowed) for name, allowed in rule.items()}
        if self._needs_valid_numbers():
            conditions["valid_until"] = SQL("(card.valid_until IS NULL OR card.valid_until >= %s)", business_date())
        conditions["transit_id"] = SQL(
            "(card.transit_id IS NULL OR (card.transit_model = %s AND card.transit_id = %s))",
            self._name,
            self._origin.id or None,  # a quote is of a document that is not stored
        )
        first_misfit = SQL("CASE %s END", SQL(" ").join(
            SQL("WHEN (%s) IS NOT TRUE THEN %s", condition, name) for name, condition in conditions.items()
        ))  # fmt: skip
        self.env.cr.execute(
            SQL(
                # judged apart: for the order and the limit the planner would read the whole register by number
                "WITH judged AS MATERIALIZED"
                " (SELECT card.id, card.number, %s AS misfit FROM crab_card card WHERE card.id = ANY(%s))"
                " SELECT id, number, misfit FROM judged WHERE misfit IS NOT NULL ORDER BY number LIMIT %s",
                first_misfit,
                list(card_ids),
                limit,
            )
        )
        return [(card_id, number, self._misfit_reason(name)) for card_id, number, name in self.env.cr.fetchall()]

    def _refuse_misfits(self, card_ids):
        misfits = self._misfits(card_ids, NAMED_AT_MOST + 1)
        if misfits:
            lines = [f"{number}: {reason}" for _card_id, number, reason in misfits[:NAMED_AT_MOST]]
            if len(misfits) > NAMED_AT_MOST:
                lines.append(self.env._("… and more"))
            raise NumbersRefused(
                self.env._(
                    "Some numbers cannot stand in this document, so nothing was changed:\n%(lines)s",
                    lines="\n".join(lines),
                )
            )

    def _ensure_choosable(self):
        """This document, locked and in sudo, if numbers can be chosen for it now."""
        order_sudo = self._locked()
        if order_sudo.kind == "direct":
            order_sudo._ensure_state("to_send", "in_transit", "partly_received")
        else:
            order_sudo._ensure_state("draft")
        return order_sudo

    def action_pick(self):
        """Open the choice of numbers."""
        self.ensure_one()
        self.check_access("write")
        context = {"default_order_id": self.id, "default_product_id": self.line_ids.product_id[:1].id}
        lacking = self.line_ids.filtered(lambda line: line.chosen_quantity < line.quantity)[:1]
        if self.kind == "direct" and lacking:
            context["default_product_id"] = lacking.product_id.id
            context["default_quantity"] = lacking.quantity - lacking.chosen_quantity
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Choose numbers"),
            "res_model": "crab.card.order.pick",
            "view_mode": "form",
            "target": "new",
            "context": context,
        }

    def action_receive_partly(self):
        """Open the entry of a partial receipt."""
        self.ensure_one()
        self._ensure_role("receive")
        return {
            "type": "ir.actions.act_window",
            "name": self.env._("Partial receipt"),
            "res_model": "crab.card.order.receive",
            "view_mode": "form",
            "target": "new",
            "context": {"default_order_id": self.id},
        }

    def action_numbers(self):
        """Open the numbers of this document."""
        self.ensure_one()
        return {
            **self.env["ir.actions.act_window"]._for_xml_id("crab_card_order.crab_card_order_number_action"),
            "domain": [("order_id", "=", self.id)],
        }

    def action_remove_numbers(self):
        """Take all chosen numbers out of the document again."""
        self.ensure_one()
        self.check_access("write")
        self._ensure_choosable()._unlink_cards()

    def action_remove_misfits(self):
        """Take out the chosen numbers that no longer fit, e.g. because another document took them meanwhile."""
        self.ensure_one()
        self.check_access("write")
        order = self._ensure_choosable()
        misfits = [card_id for card_id, _number, _reason in order._misfits(order._card_ids("chosen"))]
        order._unlink_cards(misfits)
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {
                "message": self.env._("%(count)s numbers were taken out.", count=len(misfits)),
                "next": {"type": "ir.actions.client", "tag": "soft_reload"},
            },
        }

    def action_export_numbers(self):
        """Download the numbers of this document as Excel."""
        self.ensure_one()
        self.check_access("read")
        return {"type": "ir.actions.act_url", "url": f"/crab_card_order/{self.id}/numbers.xlsx", "target": "download"}

    # === Link rows === #

    def _link_cards(self, card_ids):
        """Add numbers to this document; those that stand in it already are left alone. Prices and counts follow.

        :param card_ids: ids of ``crab.card``; whether they fit is the caller's to check (``_refuse_misfits``)
        :return: how many were added
        """
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                """
                INSERT INTO crab_card_order_number (order_id, card_id, product_id, state)
                SELECT %s, card.id, card.product_id, 'chosen'
                  FROM crab_card card WHERE card.id = ANY(%s) ORDER BY card.id
                ON CONFLICT (order_id, card_id)
                DO UPDATE SET state = 'chosen' WHERE crab_card_order_number.state = 'released'
                """,
                self.id,
                list(card_ids),
            )
        )
        added = self.env.cr.rowcount
        self._sync_lines()
        return added

    def _unlink_cards(self, card_ids=None):
        """Take chosen numbers out of this document again (None: all)."""
        self.ensure_one()
        self.env.flush_all()
        self.env.cr.execute(
            SQL(
                "DELETE FROM crab_card_order_number"
                " WHERE order_id = %s AND state = 'chosen' AND (%s OR card_id = ANY(%s))",
                self.id,
                card_ids is None,
                list(card_ids or []),
            )
        )
        removed = self.env.cr.rowcount
        self._sync_lines()
        return removed

    def _card_ids(self, *states):
        """Ids of this document's numbers whose link is in one of ``states`` (none given: all), in order of number."""
        self.env["crab.card.order.number"].flush_model()
        self.env.cr.execute(
            SQL(
                "SELECT link.card_id FROM crab_card_order_number link JOIN crab_card card ON card.id = link.card_id"
                " WHERE link.order_id = %s AND (%s OR link.state = ANY(%s)) ORDER BY card.number",
                self.id,
                not states,
                list(states),
            )
        )
        return [row[0] for row in self.env.cr.fetchall()]

    def _cards(self, *states):
        return self.env["crab.card"].browse(self._card_ids(*states))

    def _mark_links(self, state, from_state, card_ids=None):
        """Set the state of link rows; None: of all that are in ``from_state``."""
        self.env.cr.execute(
            SQL(
                "UPDATE crab_card_order_number SET state = %s"
                " WHERE order_id = %s AND state = %s AND (%s OR card_id = ANY(%s))",
                state,
                self.id,
                from_state,
                card_ids is None,
                list(card_ids or []),
            )
        )
        self.env["crab.card.order.number"].invalidate_model()
        return self.env.cr.rowcount

    # === Lines: counts and prices per product === #

    def _sync_lines(self):
        """Make the lines say what the link rows are: one per product, with counts; a direct sale's quantity stays."""
        self.env["crab.card.order.number"].invalidate_model()
        self.env.cr.execute(
            SQL(
                "SELECT product_id, COUNT(*), COUNT(*) FILTER (WHERE state = 'received') FROM crab_card_order_number"
                " WHERE order_id = %s GROUP BY product_id ORDER BY product_id",
                self.id,
            )
        )
        counts = {product_id: (chosen, received) for product_id, chosen, received in self.env.cr.fetchall()}
        lines = {line.product_id.id: line for line in self.line_ids}
        commands = []
        for product_id, (chosen, received) in counts.items():
            values = {"chosen_quantity": chosen, "received_quantity": received}
            if self.kind != "direct":
                values["quantity"] = chosen
            if product_id in lines:
                commands.append((1, lines[product_id].id, values))
            else:
                commands.append((0, 0, {"product_id": product_id, **values}))
        for product_id, line in lines.items():
            if product_id not in counts:
                if self.kind == "direct":
                    commands.append((1, line.id, {"chosen_quantity": 0, "received_quantity": 0}))
                else:
                    commands.append((2, line.id))
        self.write({"line_ids": commands})
        if self.state == "draft":
            self._quote()

    def _payer(self):
        """Whose price is the order price: the receiver's; an activation's charged level 1's; a return's sender's.

        :return: a dealer, of a direct sale the level of the member, or an empty dealer: nobody's
        """
        if self.is_free:
            return self.env["crab.dealer"]
        if self.kind == "activation":
            return self.executor_dealer_id or self.sender_dealer_id.level1_id
        if self.kind == "return":
            return self.sender_dealer_id
        if self.kind == "direct":
            return self.receiver_member_id.level_id or self.env["crab.member.level"]._default()
        return self.receiver_dealer_id

    def _quote(self):
        """Write today's prices on the lines. Until an activation is executed they are a quote."""
        self.ensure_one()
        prices = self._line_prices(self.line_ids.product_id)
        for line in self.line_ids:
            line.write(prices[line.product_id.id])

    def _line_prices(self, products):
        """Today's prices of ``products`` for who pays: ``{product id: values of a line}``."""
        payer = self._payer()
        retail = self.env["crab.price"]._retail_prices(products)
        units = self.env["crab.price"]._records_prices(products, payer)
        return {
            product.id: {
                "retail_price": retail[product.id],
                "ratio": payer.ratio,
                "unit_price": units.get((product.id, payer.id), dec(0)),
            }
            for product in products
        }

    # === Export === #

    def _number_rows(self):
        """Header and one row per number: number, card, state of the number, in the document, price, charged."""
        self.ensure_one()
        self.check_access("read")
        link, card = self.env["crab.card.order.number"], self.env["crab.card"]
        link.flush_model()
        names = {line.product_id.id: line.product_id.display_name for line in self.line_ids}
        in_document = dict(link._fields["state"]._description_selection(self.env))
        states = dict(card._fields["state"]._description_selection(self.env))
        yield [
            self.env._("Number"), self.env._("Card"), self.env._("State of the number"), self.env._("In the document"),
            self.env._("Unit price"), self.env._("Charged"),
        ]  # fmt: skip
        self.env.cr.execute(
            SQL(
                "SELECT card.number, link.product_id, card.state, link.state, link.unit_price, link.charged_amount"
                " FROM crab_card_order_number link JOIN crab_card card ON card.id = link.card_id"
                " WHERE link.order_id = %s ORDER BY card.number",
                self.id,
            )
        )
        for number, product_id, state, link_state, price, charged in self.env.cr.fetchall():
            yield [number, names.get(product_id, ""), states[state], in_document[link_state], price or 0, charged or 0]

    # === Documents of chosen numbers === #

    def _draft_of_cards(self, kind, cards):
        """Drafts of an activation or cancellation of ``cards``: one for each issuer and, to activate, each holder.

        :raise UserError: naming numbers that do not fit, and why; nothing is made then
        :return: the action that opens them
        """
        orders = self.browse()
        orders.check_access("create")
        groups = {}
        for card in cards:
            holder = (card.holder_kind, card.dealer_id.id, card.member_id.id) if kind == "activation" else ()
            groups.setdefault((card.company_id.id, *holder), []).append(card.id)
        for (company_id, *holder), card_ids in groups.items():
            values = {"kind": kind, "company_id": company_id}
            if holder:
                values.update(sender_dealer_id=holder[1], sender_member_id=holder[2])
            order = orders.create(values)
            order_sudo = order.sudo()  # numbers of a document are written by the suite, never by its user
            order_sudo._refuse_misfits(card_ids)
            order_sudo._link_cards(card_ids)
            orders |= order
        return {
            "type": "ir.actions.act_window",
            "name": orders._description,
            "res_model": orders._name,
            "view_mode": "form" if len(orders) == 1 else "list,form",
            "views": [(False, "form")] if len(orders) == 1 else [(False, "list"), (False, "form")],
            "res_id": orders.id if len(orders) == 1 else False,
            "domain": [("id", "in", orders.ids)],
        }
