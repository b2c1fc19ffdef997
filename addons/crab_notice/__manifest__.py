{
    "name": "Crab: notices",
    "summary": "Tells members and dealers what happened to what is theirs",
    "version": "19.0.1.2.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_profit", "crab_shop_card", "crab_site", "crab_sms"],
    "data": [
        "security/ir.model.access.csv",
        "data/crab_notice_template.xml",
        "data/ir_cron.xml",
        "views/crab_notice_views.xml",
        "views/crab_notice_template_views.xml",
        "views/crab_greeting_views.xml",
        "views/crab_notice_menus.xml",
        "views/res_config_settings_views.xml",
    ],
}
