"""A shop on top of the small business: a member who buys, WeChat Pay played by our sandbox, and what runs by itself."""

import json

from world import ADDRESS, World


class ShopWorld(World):
    def __init__(self, registry):
        super().__init__(registry)
        self.run(self._make_shop)
        self.sandbox = None

    def _make_shop(self, env):
        env["product.product"].browse(self.package_id).product_tmpl_id.crab_state = "on_sale"
        dealer = env["crab.dealer"].browse(self.below_id)
        self.member_id = env["crab.member"].create({"name": "会员", "phone": "13711112222", "dealer_id": dealer.id}).id

    # ------------------------------------------------------------------ WeChat Pay

    def pay_at(self, sandbox, server):
        """The Sales company is paid at ``sandbox``, which sends its notifications to ``server``."""
        self.sandbox = sandbox
        credentials = json.loads((sandbox.folder / "keys" / "wechatpay.json").read_text())["credentials"]

        def enter(env):
            env["ir.config_parameter"].set_param("web.base.url", server.url)
            names = {"api_v3_key": "api_key"}
            values = {f"wechatpay_{names.get(name, name)}": value for name, value in credentials.items()}
            self.provider(env).write({**values, "wechatpay_base_url": sandbox.url, "state": "test"})

        self.run(enter)

    @staticmethod
    def provider(env):
        sales = env["res.company"]._crab_company("sales")
        return env["payment.provider"].search([("code", "=", "wechatpay"), ("company_id", "=", sales.id)])

    # ------------------------------------------------------------------ what the member does

    def product(self, code, stock):
        """Id of a package on sale of which there are ``stock``."""

        def make(env):
            product = (
                env["product.template"]
                .create({"name": code, "default_code": code, "list_price": 1000, "crab_kind": "package"})
                .product_variant_id
            )
            product.crab_state = "on_sale"
            env["product.product"]._crab_adjust_stock({product: stock})
            return product.id

        return self.run(make)

    def place(self, env, quantity=1, product_id=None, **values):
        product = env["product.product"].browse(product_id or self.package_id)
        member = env["crab.member"].browse(self.member_id)
        return env["crab.shop"]._place(member, [(product, quantity, 0)], address=ADDRESS, **values)

    def order(self, quantity=1, **values):
        return self.run(lambda env: self.place(env, quantity, **values).id)

    def begin(self, order_id):
        """Begin the payment as the mini-program does; its number at WeChat Pay."""

        def start(env):
            return env["sale.order"].browse(order_id)._crab_wechat_payment("jsapi").id

        tx_id = self.run(start)

        def prepay(env):
            tx = env["payment.transaction"].browse(tx_id)
            tx._wechatpay_prepay("jsapi", openid="oOfTheMember")
            return tx.reference

        return self.run(prepay)

    # ------------------------------------------------------------------ what runs by itself

    def later(self):
        """The jobs and scheduled actions that are due, until they have nothing more to do."""
        for _ in range(3):
            self._jobs()
            self.cron("payment.transaction", "_cron_wechatpay_settle")
            self.cron("payment.transaction", "_cron_post_process")

    def check_now(self, reference):
        """The scheduled action asks WeChat Pay what became of this payment and its refunds."""

        def due(env):
            tx = env["payment.transaction"].search([("reference", "=", reference)])
            (tx | tx.child_transaction_ids).filtered("wechatpay_check_at").wechatpay_check_at = "2026-01-01"

        self.run(due)
        self.later()

    def _jobs(self):
        from odoo.addons.queue_job.exception import RetryableJobError
        from odoo.addons.queue_job.job import Job

        def work(env, uuid):
            job = Job.load(env, uuid)
            job.perform()
            job.set_done()
            job.store()

        for uuid in self.run(lambda env: env["queue.job"].search([("state", "=", "pending")]).mapped("uuid")):
            try:
                self.run(lambda env, uuid=uuid: work(env, uuid))
            except RetryableJobError:
                pass  # it is tried again

    def cron(self, model, method):
        from odoo import SUPERUSER_ID, api

        with self.registry.cursor() as cr:
            env = api.Environment(cr, SUPERUSER_ID, {})
            getattr(env[model].with_context(lang=env.user.lang), method)()  # as ir.cron does

    def time_passes(self, order_id):
        """The time to pay is over, and the scheduled action looks."""
        self.run(
            lambda env: (
                env["sale.order"].browse(order_id).sudo().write({"crab_pay_before": "2026-01-01 00:00:00"}) and None
            )
        )
        self.cron("sale.order", "_cron_close_unpaid")

    # ------------------------------------------------------------------ what came of it

    def outcome(self, order_id):
        """``(state, number of deliveries, stock taken, money returned, activities for finance)``"""

        def read(env):
            order = env["sale.order"].browse(order_id)
            return (
                order.crab_state,
                env["crab.delivery"].search_count([("order_id", "=", order_id)]),
                sum(order.crab_claim_ids.mapped("quantity")),
                sum(order.crab_refund_ids.filtered(lambda refund: refund.state == "done").mapped("amount")),
                len(order.crab_refund_ids.activity_ids | order.activity_ids),
            )

        return self.run(read)

    def assert_books(self):
        """Subledgers equal the ledger after the day's batch, and what orders have taken is what is counted as taken."""

        def check(env):
            for company in env["res.company"].search([("crab_role", "!=", False)]):
                for day in set(env["crab.ledger.fact"].search([("batch_id", "=", False)]).mapped("business_date")):
                    env["crab.ledger.batch"]._post_day(company, day)
            wrong = [
                row
                for row in env["crab.ledger.check"]._compare()
                # what was supplied today is invoiced tonight
                if row["difference"] or row["waiting"] and row["account"] != row["company"].crab_intercompany_account_id
            ]
            assert not wrong, wrong
            env.cr.execute(
                "SELECT product_id, claimed, (SELECT COALESCE(SUM(quantity), 0) FROM crab_stock_claim claim"
                " WHERE claim.product_id = level.product_id) FROM crab_stock_level level"
            )
            assert all(claimed == taken for _product, claimed, taken in env.cr.fetchall())

        self.run(check)
