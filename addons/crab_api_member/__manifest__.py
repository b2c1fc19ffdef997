{
    "name": "Crab: API of members",
    "summary": "Catalogue, site and everything that a member does, as a REST API",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": [
        "crab_api",
        "crab_invoice",
        "crab_review",
        "crab_shop_aftersale",
        "crab_shop_wechatpay",
        "crab_site",
    ],
}
