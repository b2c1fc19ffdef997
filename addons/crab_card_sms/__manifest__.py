{
    "name": "Crab: codes by SMS for card numbers",
    "summary": "A number that is locked by wrong passwords can be used with a code by SMS",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_card", "crab_sms"],
    "auto_install": True,
}
