{
    "name": "Crab: register of card numbers",
    "summary": "Pickup-card numbers: register, history, keys, import, generation, binding",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_price"],
    "data": [
        "security/ir.model.access.csv",
    ],
}
