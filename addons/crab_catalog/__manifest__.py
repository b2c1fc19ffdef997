{
    "name": "Crab: catalogue",
    "summary": "Packages, card products and B2B goods with categories, subsidy, settlement price and redemption rule",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_base", "product", "stock"],
    "data": [
        "security/crab_catalog_groups.xml",
        "security/ir.model.access.csv",
        "data/product_category_data.xml",
        "views/crab_settlement_price_views.xml",
        "views/product_template_views.xml",
        "views/product_category_views.xml",
        "views/crab_catalog_menus.xml",
    ],
}
