{
    "name": "Crab: API for dealers and their staff",
    "summary": "Paths /dealer/* and /staff/*: network, staff, card documents, wallets, earnings",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_api", "crab_profit"],
}
