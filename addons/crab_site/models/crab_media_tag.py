from odoo import fields, models


class CrabMediaTag(models.Model):
    _name = "crab.media.tag"
    _description = "Tag of pictures and videos"
    _order = "name"

    name = fields.Char(required=True)
    color = fields.Integer(aggregator=None)

    _name_uniq = models.UniqueIndex("(name)", "This tag exists.")
