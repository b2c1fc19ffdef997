{
    "name": "Crab: prices",
    "summary": "The price chain: retail × ratio for dealers and members, exact to the cent",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_catalog", "crab_member"],
    "data": [
        "security/ir.model.access.csv",
        "security/crab_price_list_security.xml",
        "views/crab_price_list_views.xml",
        "views/product_template_views.xml",
        "views/crab_dealer_views.xml",
        "views/crab_member_level_views.xml",
        "views/crab_price_menus.xml",
    ],
}
