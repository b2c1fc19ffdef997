"""A small business for end-to-end tests: one level-1 dealer, two below it, card products, known passwords."""

import zlib
from decimal import Decimal

import harness

PASSWORD = "pass1234"
STOCK = 100_000


def new_dealer(env, code, **values):
    """A dealer with a contact person of its own."""
    phone = f"138{zlib.crc32(code.encode()) % 10**8:08}"
    return env["crab.dealer"].create(
        {"name": f"渠道 {code}", "code": code, "contact_name": f"联系人 {code}", "phone": phone, **values}
    )


class World:
    """Ids of what was made; everything goes through the imports and documents that users use."""

    def __init__(self, registry):
        self.registry = registry
        harness.in_transaction(registry, self._make_products)
        harness.in_transaction(registry, self._make_dealers)

    def run(self, func, **kwargs):
        return harness.in_transaction(self.registry, func, **kwargs)

    def _make_products(self, env):
        def product(code, kind, **values):
            template = env["product.template"].create(
                {"name": f"商品 {code}", "default_code": code, "list_price": 1000, "crab_kind": kind, **values}
            )
            return template.product_variant_id

        package = product("W-PKG", "package")
        card = product("W-CARD", "physical_card", crab_rule="fixed", crab_choice_ids=[(6, 0, package.ids)])
        env["product.product"]._crab_adjust_stock({package: STOCK})
        self.package_id, self.card_product_id = package.id, card.id

    def _make_dealers(self, env):
        def dealer(code, level, kind, ratio, parent=None):
            return new_dealer(env, code, level=level, dealer_type=kind, ratio=ratio, parent_id=parent and parent.id)

        top = dealer("W-A", "1", "city_partner", 0.6)
        below = dealer("W-B", "2", "distributor", 0.7, top)
        other = dealer("W-B2", "2", "distributor", 0.7, top)
        self.top_id, self.below_id, self.other_id = top.id, below.id, other.id

    def fund(self, stored=0, credit=0):
        """Give the level-1 dealer stored value and a credit limit."""

        def make(env):
            company = env["res.company"]._crab_company("group")
            company.sudo().crab_wallet_approval_amount = 10**9
            dealer = env["crab.dealer"].browse(self.top_id)
            documents = env["crab.wallet.document"]
            for kind, amount in (("topup", stored), ("credit_grant", credit)):
                if amount:
                    documents._open(dealer, kind, Decimal(amount), f"world-{kind}-{amount}-{env.cr.now()}")

        self.run(make)

    def numbers(self, count, prefix):
        """Import ``count`` numbers with ``PASSWORD``; their ids in order of number."""
        lines = "".join(f"{prefix}{i:06},{PASSWORD},W-CARD\n" for i in range(1, count + 1))

        def load(env):
            done = env["crab.import"]._run_file("card", f"{prefix}.csv", f"卡号,卡密,卡编码\n{lines}".encode())
            assert done.state == "done", done.error_ids.mapped("reason")
            return env["crab.card"].search([("number", "=like", f"{prefix}%")], order="number").ids

        return self.run(load)

    def document(self, env, kind, card_ids, steps=("submit",), **values):
        """A document made and taken through ``steps`` by the head office; its id."""
        from odoo.addons.crab_base.tools.subject import Subject

        subject = Subject("system", 1)
        order = env["crab.card.order"]._create_for_subject(subject, kind, env["crab.card"].browse(card_ids), **values)
        for step in steps:
            order._step_for_subject(subject, step)
        return order.id

    def issued(self, count, prefix):
        """Numbers in the hands of the level-1 dealer, inactive."""
        ids = self.numbers(count, prefix)
        self.run(lambda env: self.document(env, "issue", ids, ("submit", "receive"), receiver_dealer_id=self.top_id))
        return ids

    def active(self, count, prefix):
        """Numbers in the hands of the level-1 dealer, activated and charged."""
        self.fund(stored=600 * count)
        ids = self.issued(count, prefix)
        self.run(lambda env: self.document(env, "activation", ids, ("submit", "execute"), sender_dealer_id=self.top_id))
        return ids

    def money(self):
        """``(stored value, credit used)`` of the level-1 dealer."""

        def read(env):
            wallets = {w.kind: w for w in env["crab.wallet"].search([("dealer_id", "=", self.top_id)])}
            return wallets["stored"].balance, wallets["credit"].credit_used if "credit" in wallets else 0.0

        return self.run(read)

    def assert_sound(self):
        """Histories verify, and subledgers equal the ledger."""

        def check(env):
            assert not env["crab.card.event"]._verify_chain()
            assert not env["crab.wallet.entry"]._verify_chain()
            wrong = [row for row in env["crab.ledger.check"]._run() if row["difference"]]
            assert not wrong, wrong

        self.run(check)


ADDRESS = {"receiver_name": "收货人", "receiver_phone": "13800000000", "street": "示例路 1 号"}


def redeem(env, number, subject=None, **values):
    """Redeem a number by ``PASSWORD``, as strangers do."""
    from odoo.addons.crab_base.tools.subject import Subject

    subject = subject or Subject("system", 1)
    card = env["crab.card"]._open_with_password(subject, number, PASSWORD)
    return env["crab.redemption"]._redeem(subject, card, dict(ADDRESS), source="quick", **values)


def sms_account(env):
    """The id of an account with a text for codes; what it would call does not answer."""
    account = env["crab.sms.account"].create(
        {
            "company_id": env["res.company"]._crab_company("sales").id,
            "provider": "aliyun",
            "sign_name": "示例公司",
            "key_id": "KEY",
            "new_secret": "secret",
            "endpoint": "http://127.0.0.1:9",
        }
    )
    values = {"account_id": account.id, "name": "验证码", "key": "code", "body": "{code}", "provider_code": "1"}
    env["crab.sms.template"].create(values)
    return account.id


def refusals(results):
    """The exceptions among the results of ``run_parallel``; each must be one a user can read."""
    from odoo.exceptions import LockError, UserError

    errors = [result for result in results if isinstance(result, Exception)]
    for error in errors:
        assert isinstance(error, UserError | LockError), repr(error)
        assert str(error).strip()
    return errors
