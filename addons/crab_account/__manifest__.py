{
    "name": "Crab: accounts",
    "summary": "The login of members, dealers and dealer staff: phone, WeChat identity, password; one partner each",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_base", "phone_validation"],
    "external_dependencies": {"python": ["phonenumbers"]},
    "data": [
        "security/ir.model.access.csv",
        "wizard/crab_account_erase_views.xml",
        "wizard/crab_account_merge_views.xml",
        "views/crab_account_views.xml",
        "views/crab_account_menus.xml",
    ],
}
