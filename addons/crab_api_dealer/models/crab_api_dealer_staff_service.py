from odoo import models
from odoo.fields import Domain
from odoo.tools.sql import escape_psql

from odoo.addons.crab_api.schemas import Page

from ..schemas import dealer_staff as schemas
from ..tools.lookup import one, page, total
from .crab_api_dealer_service import MEMBERS


class CrabApiDealerStaffService(models.AbstractModel):
    """Staff as their dealer sees and manages them, and as they see themselves."""

    _name = "crab.api.dealer.staff.service"
    _description = "API: dealer staff"

    def _list(self, subject, paging, text=None, is_active=None):
        domain = Domain.TRUE
        if is_active is not None:
            domain &= Domain("active", "=", is_active)
        if text:
            domain &= Domain("display_name", "ilike", escape_psql(text))
        staff, cursor = page(self.env, "crab.dealer.staff", subject, domain, paging)
        figures = self._figures(staff)
        return schemas.StaffPage(
            items=[schemas.StaffOut.from_staff(person, figures[person.id]) for person in staff],
            next_cursor=cursor,
            total=total(self.env, "crab.dealer.staff", subject, domain),
        )

    def _figures(self, staff):
        """``_earning_figures`` and the number of ``members``, as many as their list has."""
        figures = staff._earning_figures()
        invited = MEMBERS & Domain("staff_id", "in", staff.ids)
        # sudo: the subject has no Odoo user
        counts = dict(self.env["crab.member"].sudo()._read_group(invited, ["staff_id"], ["__count"]))
        for person in staff:
            figures[person.id]["members"] = counts.get(person, 0)
        return figures

    def _get(self, subject, staff_id):
        return self._detail(one(self.env, "crab.dealer.staff", subject, staff_id))

    def _detail(self, staff):
        return schemas.StaffDetailOut.from_staff(staff, self._figures(staff)[staff.id])

    def _add(self, subject, data):
        staff = self.env["crab.dealer.staff"]._add_for_subject(
            subject, data.name, data.phone, float(data.commission_ratio)
        )
        return self._detail(staff)

    def _set_active(self, subject, staff_id, is_active):
        staff = one(self.env, "crab.dealer.staff", subject, staff_id)
        if is_active:
            self.env["crab.dealer.staff"]._reinstate_for_subject(subject, staff.id)
        elif staff.active:
            self.env["crab.dealer.staff"]._archive_for_subject(subject, staff.id)
        return self._detail(staff)

    def _set_commission(self, subject, staff_id, ratio):
        staff = one(self.env, "crab.dealer.staff", subject, staff_id)
        self.env["crab.dealer.staff"]._set_commission_for_subject(subject, staff.id, float(ratio))
        return self._detail(staff)

    # ------------------------------------------------------------------ settlements

    def _settle(self, subject, staff_id, data, key):
        staff = one(self.env, "crab.dealer.staff", subject, staff_id)
        settlement = self.env["crab.staff.settlement"]._settle_for_subject(
            subject, staff.id, data.amount, data.note, key
        )
        return schemas.StaffSettlementOut.from_settlement(settlement)

    def _settlements(self, subject, paging, staff_id=None):
        domain = Domain.TRUE
        if staff_id:
            domain = Domain("staff_id", "=", one(self.env, "crab.dealer.staff", subject, staff_id).id)
        settlements, cursor = page(self.env, "crab.staff.settlement", subject, domain, paging)
        return schemas.StaffSettlementPage(
            items=[schemas.StaffSettlementOut.from_settlement(settlement) for settlement in settlements],
            next_cursor=cursor,
            total=total(self.env, "crab.staff.settlement", subject, domain),
        )

    def _earnings(self, subject, paging, staff_id=None, source=None, state=None):
        domain = Domain.TRUE
        if staff_id:
            domain &= Domain("staff_id", "=", one(self.env, "crab.dealer.staff", subject, staff_id).id)
        if source:
            domain &= Domain("kind", "=" if source == "offline" else "!=", "offline")
        if state:
            domain &= Domain("state", "in", [state])
        earnings, cursor = page(self.env, "crab.staff.earning", subject, domain, paging)
        items = [schemas.StaffEarningOut.from_earning(earning) for earning in earnings]
        return Page[schemas.StaffEarningOut](items=items, next_cursor=cursor)

    # ------------------------------------------------------------------ the person itself

    def _me(self, subject):
        [staff] = self.env["crab.dealer.staff"]._get_for_subject(subject, [subject.id])
        return schemas.StaffMeOut.from_staff(staff, self._figures(staff)[staff.id])
