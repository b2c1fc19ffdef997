{
    "name": "Crab: shop with WeChat Pay",
    "summary": "Orders of members are paid and refunded by WeChat Pay; bills are reconciled and fees booked",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_shop", "payment_wechatpay"],
    "data": [
        "security/ir.model.access.csv",
        "views/payment_wechatpay_bill_views.xml",
        "views/res_company_views.xml",
        "views/sale_order_views.xml",
        "views/crab_shop_wechatpay_menus.xml",
    ],
    "auto_install": True,
    "post_init_hook": "post_init_hook",
}
