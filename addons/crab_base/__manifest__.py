{
    "name": "Crab: foundation",
    "summary": "Companies, roles, regions, history chain, idempotency, outbox, restart runner, Excel import",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["account", "l10n_cn", "queue_job"],
    "data": [
        "security/crab_base_groups.xml",
        "security/ir.model.access.csv",
        "data/ir_cron.xml",
        "views/crab_base_menus.xml",
        "views/crab_outbox_views.xml",
    ],
    "post_init_hook": "post_init_hook",
    "post_load": "post_load",
    "application": True,
}
