{
    "name": "Crab: dealers",
    "summary": "Dealer tree with levels and price ratios, applications, invitations, dealer staff",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_account", "web_hierarchy"],
    "external_dependencies": {"python": ["qrcode"]},
    "data": [
        "security/ir.model.access.csv",
        "security/crab_dealer_security.xml",
        "data/ir_sequence.xml",
    ],
}
