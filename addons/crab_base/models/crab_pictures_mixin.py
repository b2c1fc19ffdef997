from odoo import fields, models
from odoo.exceptions import UserError

from ..tools import pictures

MAX_PICTURES = 9


class CrabPicturesMixin(models.AbstractModel):
    """Pictures that people outside add to what they write. Who may read the record may see them."""

    _name = "crab.pictures.mixin"
    _description = "Record with pictures"

    picture_ids = fields.Many2many("ir.attachment", string="Pictures", readonly=True, copy=False)

    def _add_pictures(self, contents):
        """Keep pictures with this record, cleaned, in their order.

        :param contents: list of files as bytes
        :raise UserError: when one is no picture or too large, or they are more than 9 with those that are there
        :return: the new attachments
        """
        self.ensure_one()
        if len(self.picture_ids) + len(contents) > MAX_PICTURES:
            raise UserError(self.env._("At most %(count)s pictures.", count=MAX_PICTURES))
        cleaned = [pictures.clean(self.env, content) for content in contents]
        # sudo: the picture belongs to the record, which the caller was let write to
        attachments_sudo = (
            self.env["ir.attachment"]
            .sudo()
            .create(
                [
                    {
                        "name": f"{number}.{mimetype.removeprefix('image/')}",
                        "raw": raw,
                        "mimetype": mimetype,
                        "res_model": self._name,
                        "res_id": self.id,
                    }
                    for number, (raw, mimetype) in enumerate(cleaned, len(self.picture_ids) + 1)
                ]
            )
        )
        self.sudo().picture_ids = [(4, attachment.id) for attachment in attachments_sudo]  # sudo: as above
        return attachments_sudo.sudo(False)

    def unlink(self):
        attachments_sudo = self.sudo().picture_ids  # sudo: they go with the record
        result = super().unlink()
        attachments_sudo.unlink()
        return result
