from odoo import api, models
from odoo.exceptions import MissingError, UserError

from ..schemas import CustomerServiceOut, LinkOut, SubscribeOut, SubscribesOut


class CrabApiWechatService(models.AbstractModel):
    """What the mini-program asks for besides logging in: codes, links, subscribe messages, customer service."""

    _name = "crab.api.wechat.service"
    _description = "API: WeChat"

    @api.model
    def _invitation_code(self, subject, kind="member", token=None):
        """The picture of an invitation (CH-09, CH-32, MB-21).

        :param kind: ``member`` or ``dealer``: whom it invites
        :param token: of its link; none for the subject's own to members of the base level
        :return: bytes of a PNG or JPEG
        :raise MissingError: (404) for what is no invitation, or one to dealers that is not the subject's
        """
        scenes = self.env["crab.wechat.scene"]
        if kind == "dealer":
            own = self.env["crab.dealer.invitation"]._for_subject(subject, [("invite_code", "=", token)])
            if not own:
                raise MissingError(self.env._("This record does not exist."))
            return scenes._picture("dealer", own.invite_code)
        if not token:
            return scenes._picture("invite", self._invitation(subject, None))
        token = scenes._token_of(token).upper()  # one picture for it, however it is written
        try:  # whoever has its link may show it
            self.env["crab.member.level"]._read_token(token)
        except UserError as error:
            raise MissingError(self.env._("This record does not exist.")) from error
        return scenes._picture("invite", token)

    @api.model
    def _link(self, subject, data):
        """Path and address that lead to an invitation or a gift (IF-04).

        :param LinkIn data:
        :return: ``LinkOut``
        :raise MissingError: (404) for an unknown gift or level
        """
        if data.kind == "gift":
            token = self.env["crab.card.gift"]._by_token(data.token).token
            found = self.env["crab.wechat.scene"]._link("gift", token)
        else:
            found = self.env["crab.wechat.scene"]._link("invite", self._invitation(subject, data.level))
        return LinkOut(path=found["path"], link=found["link"], expires_at=found["until"])

    @api.model
    def _invitation(self, subject, level):
        levels_sudo = self.env["crab.member.level"].sudo()  # the subject has no Odoo user; its right is looked at below
        level_sudo = level and levels_sudo.search([("public_id", "=", level)])
        if level and not level_sudo:
            raise MissingError(self.env._("This record does not exist."))
        return levels_sudo._invitation_for_subject(subject, level_sudo or None)["token"]

    @api.model
    def _subscribes(self):
        """The subscribe messages to which the member's consent is asked, per event (MB-30).

        :return: ``SubscribesOut``
        """
        app_sudo = self.env["crab.wechat.app"]._active()
        words_sudo = (
            self.env["crab.notice.template"]
            .sudo()
            .search(  # no secret: WeChat shows them to the member
                [("is_wechat", "=", True), ("wechat_template_id.app_id", "=", app_sudo.id)]
            )
        )
        return SubscribesOut(
            items=[
                SubscribeOut(event=words.event, template_id=words.wechat_template_id.template_id)
                for words in words_sudo
                if words.wechat_template_id.active
            ]
        )

    @api.model
    def _customer_service(self):
        """What ``wx.openCustomerServiceChat`` needs (MB-29).

        :return: ``CustomerServiceOut``; empty where WeChat customer service is not set up
        """
        app_sudo = self.env["crab.wechat.app"]._active()
        return CustomerServiceOut(corp_id=app_sudo.corp_id or None, url=app_sudo.service_url or None)
