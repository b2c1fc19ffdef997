{
    "name": "Crab: shop with WeChat Pay",
    "summary": "Orders of members are paid and refunded by WeChat Pay",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_shop", "payment_wechatpay"],
    "auto_install": True,
}
