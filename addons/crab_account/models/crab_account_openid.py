from odoo import fields, models


class CrabAccountOpenid(models.Model):
    """WeChat's name for a person within one app. Nobody reads it but services."""

    _name = "crab.account.openid"
    _description = "WeChat open id of an account"

    account_id = fields.Many2one("crab.account", required=True, index=True, ondelete="cascade")
    app = fields.Char("App id", required=True)
    openid = fields.Char("Open id", required=True)

    _app_openid_uniq = models.Constraint(
        "UNIQUE(app, openid)", "This WeChat identity already belongs to another account."
    )
