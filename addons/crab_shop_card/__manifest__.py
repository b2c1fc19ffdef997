{
    "name": "Crab: cards in the shop",
    "summary": "E-cards and physical cards bought online: audit, numbers, refunds",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_shop"],
    "data": [
        "data/ir_cron.xml",
    ],
}
