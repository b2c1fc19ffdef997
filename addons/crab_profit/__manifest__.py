{
    "name": "Crab: profit sharing",
    "summary": "Earnings of dealers from orders paid online, withdrawals, shares of their staff",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_shop"],
    "data": [
        "security/ir.model.access.csv",
        "data/ir_sequence.xml",
        "data/ir_cron.xml",
    ],
    "post_init_hook": "post_init_hook",
}
