{
    "name": "Crab: REST API of the mini-program",
    "summary": "Login by WeChat, mini-program codes and links, subscribe messages, customer service over the API",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_api", "crab_wechat"],
    "auto_install": True,
}
