from markupsafe import Markup

from odoo import api, fields, models
from odoo.exceptions import UserError

from odoo.addons.crab_base.tools import cells
from odoo.addons.crab_base.tools.spreadsheet import Column, FileError, Reader, decode_upload
from odoo.addons.crab_card.tools.normalise import NUMBER, number

from ..tools.number_text import parse

MAX_ROWS = 200_000
SHOWN_AT_MOST = 100


class CrabCardOrderInput(models.AbstractModel):
    """Numbers as people give them: typed, pasted, as ranges, scanned one by one, or in an Excel file."""

    _name = "crab.card.order.input"
    _description = "Entering card numbers"

    order_id = fields.Many2one("crab.card.order", string="Document", required=True, readonly=True, ondelete="cascade")
    text = fields.Text(
        "Numbers",
        help="Numbers separated by blanks, commas or lines; ranges as first-last. Pasting a column of Excel works.",
    )
    scan = fields.Char("Scan", help="Put the cursor here and scan: each scan adds one number.")
    scan_result = fields.Char("Last scan", readonly=True)
    scan_failed = fields.Boolean(readonly=True)
    file = fields.Binary("Excel file", attachment=False, help="Excel or CSV with a column headed 卡号.")
    filename = fields.Char()
    errors = fields.Html("What is wrong", readonly=True)

    @api.onchange("scan")
    def _onchange_scan(self):
        """One scan adds one number to the text; a scan that does not fit is said at once and added to nothing."""
        if not self.scan:
            return
        scanned, self.scan = number(self.scan), False
        refusal = self._scan_refusal(scanned)
        self.scan_failed = bool(refusal)
        self.scan_result = f"{scanned}: {refusal}" if refusal else scanned
        if not refusal:
            self.text = f"{(self.text or '').rstrip()}\n{scanned}".strip()

    def _scan_refusal(self, scanned):
        if scanned in parse(self.text)[0]:
            return self.env._("scanned already")
        card = self.env["crab.card"].search([("number", "=", scanned)], limit=1)
        return self._refusals(card.ids).get(card.id) if card else self.env._("not in the register")

    def _refusals(self, card_ids):
        """Hook: why numbers cannot be taken: ``{card id: reason}``."""
        return {}

    def _input_domain(self):
        """Hook: the numbers that ranges are filled from."""
        return []

    def _entered_cards(self):
        """The cards of text and file; on mistakes empty, with ``errors`` telling each of them.

        :return: ``crab.card`` recordset
        """
        self.ensure_one()
        Card = self.env["crab.card"]
        numbers, ranges = parse(self.text)
        entries = [(None, value) for value in numbers] + self._read_file()
        if not entries and not ranges:
            raise UserError(self.env._("Enter, scan or upload at least one number."))
        cards = {
            card.number: card.id for card in Card.search([("number", "in", list({value for _row, value in entries}))])
        }
        refusals = self._refusals(list(cards.values()))
        mistakes, seen = [], {}
        for row, value in entries:
            if value not in cards:
                known = (
                    self.env._("not in the register") if NUMBER.fullmatch(value) else self.env._("not a card number")
                )
                mistakes.append((row, value, known))
            elif cards[value] in refusals:
                mistakes.append((row, value, refusals[cards[value]]))
            elif row and value in seen:
                mistakes.append((row, value, self.env._("stands in row %(row)s already", row=seen[value])))
            seen.setdefault(value, row)
        self.errors = self._mistakes_html(mistakes)
        if mistakes:
            return Card
        return Card.browse(cards.values()) | Card._resolve(ranges=ranges, domain=self._input_domain())

    def _read_file(self):
        """``[(Excel row number, normalised number)]`` of the uploaded file; blank cells are skipped."""
        if not self.file:
            return []
        try:
            reader = Reader(
                [Column("卡号", "number", cells.text(), must_exist=True)],
                self.filename,
                decode_upload(self.file),
                MAX_ROWS,
            )
            return [
                (row, value)
                for chunk in reader.chunks()
                for row, raw in chunk
                if (value := number(self._cell_text(raw[0])))
            ]
        except FileError as exc:
            raise UserError(self.env._(exc.reason)) from exc

    @staticmethod
    def _cell_text(raw):
        try:
            return cells.as_text(raw)
        except ValueError:
            return str(raw)  # an Excel error: no number, told like every other text that is none

    def _mistakes_html(self, mistakes):
        if not mistakes:
            return False
        lines = Markup().join(
            Markup("<tr><td>%s</td><td>%s</td><td>%s</td></tr>") % (row or "", value[:40], reason)
            for row, value, reason in mistakes[:SHOWN_AT_MOST]
        )
        title = self.env._("%(count)s numbers cannot be taken, so nothing was added.", count=len(mistakes))
        heads = (self.env._("Row"), self.env._("Number"), self.env._("Reason"))
        head = Markup("<tr><th>%s</th><th>%s</th><th>%s</th></tr>") % heads
        return Markup("<p>%s</p><table class='table table-sm'>%s%s</table>") % (title, head, lines)

    def _reopen(self):
        return {
            "type": "ir.actions.act_window",
            "name": self.env.context.get("crab_title") or self._description,
            "res_model": self._name,
            "res_id": self.id,
            "view_mode": "form",
            "target": "new",
        }
