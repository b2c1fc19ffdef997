{
    "name": "Crab: cards in the shop",
    "summary": "E-cards and physical cards bought online: audit, numbers, gifts, refunds",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_shop"],
    "data": [
        "security/ir.model.access.csv",
        "security/crab_shop_card_security.xml",
        "data/ir_cron.xml",
        "data/ir_sequence.xml",
        "wizard/crab_ecard_refuse_views.xml",
        "views/crab_card_gift_views.xml",
        "views/sale_order_views.xml",
        "views/res_config_settings_views.xml",
    ],
}
