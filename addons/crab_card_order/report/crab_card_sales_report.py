from odoo import fields, models
from odoo.tools import SQL


class CrabCardSalesReport(models.Model):
    """实体卡销售业绩 and 实体卡销售收益 per dealer (domain.md §5): statistics only, settled between dealers offline."""

    _name = "crab.card.sales.report"
    _description = "Sales of physical cards"
    _auto = False
    _order = "date desc, id desc"
    _rec_name = "order_id"
    _depends = {
        "crab.card.order.price": [
            "order_id", "company_id", "dealer_id", "level", "product_id", "staff_id", "is_own", "quantity",
            "amount_retail", "amount_earned", "amount_staff",
        ],
        "crab.dealer": ["level1_id", "user_id"],
    }  # fmt: skip

    date = fields.Date("Business day", readonly=True)
    order_id = fields.Many2one("crab.card.order", string="Document", readonly=True)
    company_id = fields.Many2one("res.company", readonly=True)
    currency_id = fields.Many2one("res.currency", readonly=True)
    dealer_id = fields.Many2one("crab.dealer", string="Dealer", readonly=True)
    level = fields.Selection([("1", "Level 1"), ("2", "Level 2"), ("3", "Level 3")], readonly=True)
    level1_id = fields.Many2one("crab.dealer", string="Level-1 dealer", readonly=True)
    user_id = fields.Many2one("res.users", string="Sales rep", readonly=True)
    staff_id = fields.Many2one("crab.dealer.staff", string="Sold by", readonly=True)
    product_id = fields.Many2one("product.product", string="Card", readonly=True)
    is_own = fields.Boolean("Sold itself", readonly=True)
    quantity = fields.Integer("Numbers", readonly=True)
    amount_own = fields.Monetary(
        "Own sales", readonly=True, help="Retail price of numbers that the dealer sold itself."
    )
    amount_network = fields.Monetary("Sales of its network", readonly=True)
    amount_earned = fields.Monetary("Earned offline", readonly=True)
    amount_staff = fields.Monetary("Share of staff", readonly=True)

    @property
    def _table_query(self):
        return SQL(
            """
            SELECT price.id, (price.create_date AT TIME ZONE 'UTC' AT TIME ZONE 'Asia/Shanghai')::date AS date,
                   price.order_id, price.company_id, company.currency_id,
                   price.dealer_id, price.level, dealer.level1_id, top.user_id, price.staff_id,
                   price.product_id, price.is_own, price.quantity,
                   CASE WHEN price.is_own THEN price.amount_retail ELSE 0 END AS amount_own,
                   CASE WHEN price.is_own THEN 0 ELSE price.amount_retail END AS amount_network,
                   price.amount_earned, price.amount_staff
              FROM crab_card_order_price price
              JOIN res_company company ON company.id = price.company_id
              JOIN crab_dealer dealer ON dealer.id = price.dealer_id
              JOIN crab_dealer top ON top.id = dealer.level1_id
            """
        )
