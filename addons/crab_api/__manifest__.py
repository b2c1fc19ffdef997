{
    "name": "Crab: REST API",
    "summary": "Host of the API for members, dealers and dealer staff: logins, tokens, errors, limits, files",
    "version": "19.0.1.0.0",
    "category": "Sales/Crab",
    "author": "Crab",
    "license": "AGPL-3",
    "depends": ["crab_member", "crab_sms", "fastapi"],
    "external_dependencies": {"python": ["fastapi", "PyJWT", "prometheus-client"]},
    "data": [
        "security/ir.model.access.csv",
        "data/fastapi_endpoint.xml",
        "views/crab_login_attempt_views.xml",
        "views/crab_session_views.xml",
        "views/crab_account_views.xml",
        "views/crab_api_menus.xml",
    ],
}
