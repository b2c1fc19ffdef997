"""The steps of a season. Each document is one transaction, as it is when a user presses the button."""

import json
import logging
import os
import sys
import time
import unicodedata
from pathlib import Path

import season_shop

import crabenv

ISSUE_PRODUCT = "CARD003"
ISSUE_COUNT = 400
TRANSFER_TO_LEVEL_2, TRANSFER_TO_LEVEL_3 = 100, 30
ACTIVATE_OWN, ACTIVATE_LEVEL_2, ACTIVATE_LEVEL_3 = 50, 20, 10
REDEEM_COUNT = 5
OPENING_STOCK = 100_000


class Refused(Exception):
    """A document the business rules refuse; what it says is what the user would read."""


class Season:
    def __init__(self, registry, folder, user_id, approver_id):
        self.registry = registry
        self.folder = Path(folder)
        self.user_id, self.approver_id = user_id, approver_id
        self.figures = {"imported": {}, "rejected": {}}

    # -- how things are done

    def step(self, func, user_id=None):
        """Run ``func(env)`` as the head-office user in a transaction of its own; a refusal leaves nothing behind."""
        from odoo.exceptions import UserError

        from odoo.addons.crab_base.tools import transaction

        try:
            return transaction.run(
                self.registry, func, uid=user_id or self.user_id, context={"lang": "zh_CN", "tz": "Asia/Shanghai"}
            )
        except UserError as exc:
            raise Refused(str(exc)) from exc

    def say(self, text):
        crabenv.say(f"{time.monotonic() - self.started:6.1f} s  {text}")

    def import_file(self, kind, path):
        def run(env):
            approver = env["res.users"].browse(self.approver_id)
            imports = env["crab.import"].with_context(crab_wallet_approver=approver)
            return imports._run_file(kind, path.name, path.read_bytes()).id

        import_id = self.step(run)

        def outcome(env):
            record = env["crab.import"].browse(import_id)
            return record.state, record.count_loaded, record.error_rows

        state, loaded, errors = self.step(outcome)
        if state not in ("done", "refused"):
            raise SystemExit(f"the import of {path.name} ended as {state}")
        if errors:
            self.figures["rejected"][path.name] = errors
        self.say(f"{path.name}: {f'refused, {len(errors)} bad rows' if errors else f'{loaded} rows'}")
        return loaded if state == "done" else 0

    def document(self, subject, kind, card_ids, steps, **values):
        """Create a card document as ``subject`` and take it through ``steps``, each ``(subject, step)`` on its own.

        :return: None, or the refusal of the last step
        """

        def create(env):
            cards = env["crab.card"].browse(card_ids)
            return env["crab.card.order"]._create_for_subject(subject, kind, cards, **values).id

        order_id = self.step(create)
        for acting, name in steps:
            try:
                self.step(
                    lambda env, acting=acting, name=name: (
                        env["crab.card.order"].browse(order_id)._step_for_subject(acting, name) and None
                    )
                )
            except Refused as refusal:
                return str(refusal)
        return None

    def lowest(self, domain, limit):
        return self.step(lambda env: env["crab.card"]._lowest(domain, limit).ids)

    def dealers(self):
        """Dealers in code order: id, code, level, parent."""
        return self.step(
            lambda env: [
                {"id": d.id, "code": d.code, "level": d.level, "parent": d.parent_id.id, "level1": d.level1_id.id}
                for d in env["crab.dealer"].search([]).sorted("code")
            ]
        )

    # -- the season

    def play(self):
        self.started = time.monotonic()
        self.imports()
        self.tree = self.dealers()
        self.issue()
        self.transfer()
        self.activate()
        self.redeem()
        season_shop.play_orders(self)
        self.report()
        return self.figures

    def imports(self):
        imported = self.figures["imported"]
        imported["products"] = self.import_file("product", self.folder / "products.xlsx")
        self.step(self.open_stock)
        # dealers' ratios are checked against the members' levels, whatever the order of the files
        self.import_file("member_level", self.folder / "member-levels.xlsx")
        imported["dealers"] = self.import_file("dealer", self.folder / "dealers.xlsx")
        imported["members"] = self.import_file("member", self.folder / "members.xlsx")
        imported["cards"] = sum(
            self.import_file("card", path) for path in sorted(self.folder.glob("card-numbers-*.xlsx"))
        )

    @staticmethod
    def open_stock(env):
        products = env["product.product"].search([("crab_kind", "in", ("package", "b2b", "ecard"))])
        env["product.product"]._crab_adjust_stock(dict.fromkeys(products, OPENING_STOCK))

    def subject(self, dealer):
        from odoo.addons.crab_base.tools.subject import Subject

        return Subject("dealer", dealer["id"])

    def platform(self):
        from odoo.addons.crab_base.tools.subject import Subject

        return Subject("user", self.user_id)

    def issue(self):
        count = 0
        for dealer in self.level(1):
            domain = [
                ("product_id.default_code", "=", ISSUE_PRODUCT),
                ("holder_kind", "=", "platform"),
                ("state", "=", "inactive"),
            ]
            ids = self.lowest(domain, ISSUE_COUNT)
            if ids:
                self.must(
                    self.document(
                        self.platform(),
                        "issue",
                        ids,
                        [(self.platform(), "submit"), (self.subject(dealer), "receive")],
                        receiver_dealer_id=dealer["id"],
                    )
                )
                count += len(ids)
        self.say(f"issued {count} numbers")

    def transfer(self):
        count = 0
        for sender in self.level(1) + self.level(2):
            for child in self.children(sender):
                wanted = TRANSFER_TO_LEVEL_2 if child["level"] == "2" else TRANSFER_TO_LEVEL_3
                ids = self.lowest(self.held(sender, "inactive"), wanted)
                if ids:
                    self.must(
                        self.document(
                            self.subject(sender),
                            "transfer",
                            ids,
                            [(self.subject(sender), "submit"), (self.subject(child), "receive")],
                            receiver_dealer_id=child["id"],
                        )
                    )
                    count += len(ids)
        self.say(f"transferred {count} numbers")

    def activate(self):
        done = refused = 0
        for top in self.level(1):
            subtree = [d for d in self.tree if d["level1"] == top["id"]]
            requests = [(top, ACTIVATE_OWN)]
            requests += [(d, ACTIVATE_LEVEL_2) for d in self.children(top) if d["level"] == "2"]
            requests += [(d, ACTIVATE_LEVEL_3) for d in subtree if d["level"] == "3"]
            for dealer, wanted in requests:
                ids = self.lowest(self.held(dealer, "inactive"), wanted)
                if not ids:
                    continue
                steps = [(self.subject(dealer), "submit")]
                parent = next((d for d in self.tree if d["id"] == dealer["parent"]), None)
                if dealer["level"] == "3" and parent["level"] == "2":
                    steps.append((self.subject(parent), "pass_on"))
                steps.append((self.subject(top), "execute"))
                if self.document(self.subject(dealer), "activation", ids, steps):
                    refused += 1
                else:
                    done += 1
        self.say(f"activations: {done} executed, {refused} refused for lack of funds")

    def redeem(self):
        passwords, count = self.passwords(), 0
        for dealer in self.level(1):
            ids = self.lowest(self.held(dealer, "active"), REDEEM_COUNT)
            if not ids:
                continue
            numbers = self.step(lambda env, ids=ids: env["crab.card"].browse(ids).mapped("number"))
            wrong = (
                "0" * len(passwords[numbers[0]])
                if passwords[numbers[0]].strip("0")
                else "1" * len(passwords[numbers[0]])
            )
            try:
                self.step(lambda env, d=dealer, n=numbers[0], w=wrong: self.redeem_one(env, d, n, w))
            except Refused:
                pass
            else:
                raise SystemExit(f"a wrong password was accepted for {numbers[0]}")
            deliveries = []
            for number in numbers:
                deliveries.append(self.step(lambda env, d=dealer, n=number: self.redeem_one(env, d, n, passwords[n])))
            self.step(lambda env, ids=deliveries: env["crab.delivery"].browse(ids)._ship("顺丰速运"))
            count += len(numbers)
        self.say(f"redeemed and shipped {count} numbers")

    def redeem_one(self, env, dealer, number, password):
        record = env["crab.dealer"].browse(dealer["id"])
        partner = record.partner_id
        address = {
            "receiver_name": record.name,
            "receiver_phone": record.phone or record.account_id.phone,
            "street": partner.street,
            "province_id": partner.crab_province_id.id,
            "city_id": partner.crab_city_id.id,
            "district_id": partner.crab_district_id.id,
        }
        Redemption = env["crab.redemption"]
        card = env["crab.card"]._open_with_password(self.subject(dealer), number, password)
        options = Redemption._options(card)
        return Redemption._redeem(self.subject(dealer), card, address, product=options[:1]).delivery_id.id

    def passwords(self):
        """Number → password of the accepted files, read as the import reads them."""
        from python_calamine import CalamineWorkbook

        found = {}
        for path in sorted(self.folder.glob("card-numbers-*.xlsx")):
            if path.name in self.figures["rejected"]:
                continue
            rows = CalamineWorkbook.from_path(str(path)).get_sheet_by_index(0).to_python()
            header = [self.text(cell) for cell in rows[0]]
            number, password = header.index("卡号"), header.index("卡密")
            for row in rows[1:]:
                found[self.text(row[number]).upper()] = self.text(row[password])
        return found

    @staticmethod
    def text(cell):
        if isinstance(cell, float) and cell.is_integer():
            cell = int(cell)
        return unicodedata.normalize("NFKC", str(cell)).strip()

    def level(self, level):
        return [d for d in self.tree if d["level"] == str(level)]

    def children(self, dealer):
        return [d for d in self.tree if d["parent"] == dealer["id"]]

    @staticmethod
    def held(dealer, state):
        return [("holder_kind", "=", "dealer"), ("dealer_id", "=", dealer["id"]), ("state", "=", state)]

    @staticmethod
    def must(refusal):
        if refusal:
            raise SystemExit(f"a document that had to succeed was refused: {refusal}")

    def report(self):
        from odoo import SUPERUSER_ID

        from odoo.addons.crab_base.tools.timezone import business_date

        def figures(env):
            wallets = {(w.dealer_id.id, w.kind): w for w in env["crab.wallet"].search([])}
            held = {
                (dealer.id, state): count
                for dealer, state, count in env["crab.card"]._read_group(
                    [("holder_kind", "=", "dealer")], ["dealer_id", "state"], ["__count"]
                )
            }

            def money(value):
                return f"{value or 0:.2f}"

            earned = {
                dealer.id: amount
                for dealer, amount in env["crab.earning"]._read_group([], ["dealer_id"], ["amount:sum"])
            }
            dealers = {
                d["code"]: {
                    "stored": money(wallets[d["id"], "stored"].balance if (d["id"], "stored") in wallets else 0),
                    "credit_used": money(
                        wallets[d["id"], "credit"].credit_used if (d["id"], "credit") in wallets else 0
                    ),
                    "held": {state: held.get((d["id"], state), 0) for state in ("inactive", "active", "used")},
                    "earned": money(earned.get(d["id"])),
                }
                for d in self.tree
            }
            [[income]] = env["crab.card.order"]._read_group(
                [("kind", "=", "activation"), ("state", "=", "done")], [], ["amount_charged:sum"]
            )
            [[paid, refunded]] = env["sale.order.line"]._read_group(
                [("crab_role", "=", "goods"), ("order_id.crab_transaction_id", "!=", False)],
                [],
                ["crab_paid:sum", "crab_refunded:sum"],
            )
            for company in env["res.company"].search([("crab_role", "!=", False)]):
                env["crab.ledger.batch"]._post_day(company, business_date())
            env["crab.ledger.batch"]._post_supply(business_date())
            return {
                "dealers": dealers,
                "platform": {
                    "activation_income": money(income),
                    "online_paid": money(paid),
                    "online_refunded": money(refunded),
                    "online_kept": money(earned.get(False)),
                },
                "checks": {
                    "ledger_equals_subledger": not any(
                        row["difference"]
                        # what came after the day's invoice between the companies waits for the next one
                        or (row["waiting"] and row["account"] != row["company"].crab_intercompany_account_id)
                        for row in env["crab.ledger.check"]._run()
                    ),
                    "card_history_intact": not env["crab.card.event"]._verify_chain(),
                    "shares_equal_paid": not env["crab.earning"]._wrong_lines(),
                },
            }

        self.figures.update(self.step(figures, user_id=SUPERUSER_ID))
        self.say("checks: " + ", ".join(f"{k} {'yes' if v else 'NO'}" for k, v in self.figures["checks"].items()))


def play(database, folder, json_file=None):
    """Play the season of ``folder`` on ``database`` (a fresh one) and report.

    :return: the figures
    """
    from odoo.modules.registry import Registry
    from odoo.tools import config

    os.environ.update(crabenv.odoo_environment())
    config.parse_config([*crabenv.odoo_arguments(database), "--log-level", "warn"], setup_logging=True)
    from odoo.service.server import load_server_wide_modules

    load_server_wide_modules()
    crabenv.ensure_card_keys()
    logging.getLogger("odoo").setLevel(logging.WARNING)
    registry = Registry(database)
    from odoo.addons.crab_base.tools import transaction

    def users(env):
        roles = [(4, env.ref("crab_base.group_admin").id)]
        companies = env["res.company"].search([])
        vals = {
            "group_ids": roles,
            "company_ids": [(6, 0, companies.ids)],
            "company_id": env["res.company"]._crab_company("group").id,
            "lang": "zh_CN",
            "tz": "Asia/Shanghai",
        }
        made = (
            env["res.users"]
            .with_context(no_reset_password=True)
            .create([{**vals, "name": "经办", "login": "season"}, {**vals, "name": "复核", "login": "season-approver"}])
        )
        return made.ids

    user_id, approver_id = transaction.run(registry, users)
    figures = Season(registry, folder, user_id, approver_id).play()
    text = json.dumps(figures, ensure_ascii=False, indent=1)
    if json_file == "-":
        sys.stdout.write(text + "\n")
    elif json_file:
        Path(json_file).write_text(text + "\n", encoding="utf-8")
    shortfall = sum(1 for dealer in figures["dealers"].values() if dealer["credit_used"] != "0.00")
    crabenv.say(
        f"{figures['imported']}; charged by activation {figures['platform']['activation_income']};"
        f" {shortfall} dealers use credit"
    )
    return figures
