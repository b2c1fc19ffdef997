{
    "name": "Crab: shop",
    "summary": "Orders of members: prices, stock, payment, delivery, refunds",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_price", "crab_redemption", "sale_stock"],
    "data": [
        "security/ir.model.access.csv",
        "data/ir_sequence.xml",
        "data/product_freight.xml",
        "data/ir_cron.xml",
    ],
    "post_init_hook": "post_init_hook",
}
