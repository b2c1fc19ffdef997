from odoo import api, models
from odoo.exceptions import AccessError, UserError


class CrabByButtonsMixin(models.AbstractModel):
    """Records that nobody makes, edits or deletes by hand, whatever the rights on the table are.

    Their services and buttons check role or subject, and work in sudo. Notes, followers and activities are not meant.
    """

    _name = "crab.by.buttons.mixin"
    _description = "Record that is changed by buttons only"

    _entered = frozenset()  # the fields that users enter by hand all the same

    @api.model_create_multi
    def create(self, vals_list):
        self._refuse_by_hand()
        return super().create(vals_list)

    def write(self, vals):
        names = {name for name in vals if not name.startswith(("message_", "activity_"))}
        if names and not self.env.su:
            self._check_by_hand(names)
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(self.env._("“%(kind)s”: records are kept.", kind=self._kind_of_record()))

    def _check_by_hand(self, names):
        """Hook: whether a user may write these fields; extended where that depends on the state.

        :raise AccessError: when one of them is not in ``_entered``
        """
        if names - self._entered:
            self._refuse_by_hand()

    @api.model
    def _refuse_by_hand(self):
        """:raise AccessError: unless the caller works in sudo"""
        if not self.env.su:
            raise AccessError(
                self.env._(
                    "“%(kind)s”: records are made and changed by their own buttons only.", kind=self._kind_of_record()
                )
            )

    @api.model
    def _kind_of_record(self):
        return self.env["ir.model"]._get(self._name).sudo().name  # names of models are no secret
