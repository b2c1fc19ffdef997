import logging
import os
from datetime import UTC
from pathlib import Path

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.tools import SQL, config

from ..tools import merkle
from ..tools.timezone import SHANGHAI

_logger = logging.getLogger(__name__)

PARENTS_PER_QUERY = 200 * merkle.GROUP
PROBLEMS_SHOWN = 100


class CrabChainSeal(models.Model):
    """One nightly check of a history, and the seal over it that is kept outside the database.

    The chain itself shows what was changed in the middle. Whoever can write the database could write a whole chain
    anew, heads included; the seal's file names the root over all heads of that night and finds it.
    """

    _name = "crab.chain.seal"
    _description = "Check and seal of a history"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "id desc"
    _rec_name = "file_name"

    model = fields.Char("Model", required=True, readonly=True)
    history = fields.Char(compute="_compute_history")
    sealed_at = fields.Datetime(required=True, readonly=True)
    parent_count = fields.Integer("Records", readonly=True)
    line_count = fields.Integer("Lines", readonly=True)
    root = fields.Char(readonly=True)
    file_name = fields.Char("File", readonly=True)
    checked_at = fields.Datetime("Last Check", readonly=True)
    state = fields.Selection(
        [("open", "Not checked"), ("good", "In order"), ("bad", "Damaged")],
        required=True,
        readonly=True,
        default="open",
    )
    problem_count = fields.Integer("Findings", readonly=True)
    problems = fields.Text("List of Findings", readonly=True)

    @api.depends("model")
    def _compute_history(self):
        for seal in self:
            seal.history = self.env["ir.model"]._get(seal.model).name or seal.model

    # ------------------------------------------------------------------------------------------
    # Where and what
    # ------------------------------------------------------------------------------------------

    @api.model
    def _directory(self):
        """``CRAB_MERKLE_DIR``, else a directory beside the filestore; one folder per database."""
        base = os.environ.get("CRAB_MERKLE_DIR") or os.path.join(config["data_dir"], "crab-merkle")
        return Path(base) / self.env.cr.dbname

    @api.model
    def _histories(self):
        """Names of the models with a hash-linked history."""
        mixin = self.env.registry["crab.chain.mixin"]
        return sorted(
            name
            for name, model in self.env.registry.items()
            if issubclass(model, mixin) and not model._abstract and model._auto
        )

    # ------------------------------------------------------------------------------------------
    # Sealing
    # ------------------------------------------------------------------------------------------

    @api.model
    def _cron_seal(self):
        """Every night: check each history and the seal before, then write the next seal; one job per history."""
        for name in self._histories():
            self.with_delay(
                identity_key=f"crab-seal-{name}", description=f"{self._description}: {name}"
            )._seal_and_check(name)

    @api.model
    def _seal_and_check(self, name):
        last = self.search([("model", "=", name)], limit=1)
        if last:
            last._check(chain=False)
        seal = self._seal(name)
        seal._check()
        return seal

    @api.model
    def _seal(self, name):
        """Write the seal of a history as this transaction sees it.

        :param name: the history's model
        """
        self.env.flush_all()
        events = self.env[name]
        parents = events._chain_parent_model()
        groups, parent_count, line_count = [], 0, 0
        for rows in self._heads(parents):
            for number, node, offsets, counts in rows:
                groups.append([number, node, merkle.pack(offsets, counts)])
                parent_count += len(counts)
                line_count += sum(counts)
        now = fields.Datetime.now()
        root = merkle.root_of(node for _number, node, _runs in groups)
        stamp = now.replace(tzinfo=UTC).astimezone(SHANGHAI).strftime("%Y-%m-%dT%H%M%S")
        file_name = f"{events._table}-{stamp}-{root[:12]}.json.gz"
        header = {
            "database": self.env["ir.config_parameter"].sudo().get_param("database.uuid"),
            "history": name,
            "sealed_at": fields.Datetime.to_string(now),
            "parents": parent_count,
            "lines": line_count,
            "root": root,
        }
        try:
            merkle.write(self._directory() / file_name, header, groups)
        except FileExistsError:
            _logger.info("the seal %s exists already", file_name)
        except OSError as exc:
            raise UserError(
                self.env._(
                    "The seal cannot be written to %(directory)s: %(reason)s. "
                    "Make the directory writable for the server, or set CRAB_MERKLE_DIR to another one.",
                    directory=self._directory(),
                    reason=exc.strerror,
                )
            ) from exc
        return self.create(
            {
                "model": name,
                "sealed_at": now,
                "parent_count": parent_count,
                "line_count": line_count,
                "root": root,
                "file_name": file_name,
            }
        )

    @api.model
    def _heads(self, parents):
        """Rows ``(group number, node, offsets, counts)`` of all parents with a history, some groups at a time."""
        table = SQL.identifier(parents._table)
        self.env.cr.execute(SQL("SELECT coalesce(max(id), 0) FROM %s", table))
        last = self.env.cr.fetchone()[0]
        for start in range(0, last + 1, PARENTS_PER_QUERY):
            self.env.cr.execute(
                SQL(
                    """
                    SELECT id / %(group)s,
                           encode(sha256(convert_to(string_agg(
                               id || ':' || event_count || ':' || head_hash, E'\\n' ORDER BY id
                           ), 'UTF8')), 'hex'),
                           array_agg(id %% %(group)s ORDER BY id), array_agg(event_count ORDER BY id)
                      FROM %(table)s
                     WHERE id >= %(start)s AND id < %(end)s AND event_count > 0 GROUP BY 1 ORDER BY 1
                    """,
                    group=merkle.GROUP,
                    table=table,
                    start=start,
                    end=start + PARENTS_PER_QUERY,
                )
            )
            yield self.env.cr.fetchall()

    # ------------------------------------------------------------------------------------------
    # Checking
    # ------------------------------------------------------------------------------------------

    def action_check(self):
        """Check the history and this seal in the background; the result is shown here."""
        self.check_access("read")
        if not self.env.user.has_groups("crab_base.group_admin,crab_base.group_auditor"):
            raise UserError(self.env._("Only administrators and auditors check histories."))
        for seal_sudo in self.sudo():  # the result is written by the job
            seal_sudo.with_delay(identity_key=f"crab-seal-check-{seal_sudo.id}", priority=5)._check()
        return {
            "type": "ir.actions.client",
            "tag": "display_notification",
            "params": {"message": self.env._("The check runs in the background; its result will be shown here.")},
        }

    def _check(self, chain=True):
        """Compare the database with the seal's file, and with ``chain`` recompute the whole history too.

        Findings are kept here and given to the administrators as an activity.
        """
        self.ensure_one()
        findings = []
        try:
            findings += self._compare(self.model, self._directory() / self.file_name, self.root)
        except (OSError, ValueError) as exc:
            findings.append(self.env._("The seal cannot be used: %(reason)s", reason=exc))
        if chain:
            findings += [self._finding_text(finding) for finding in self.env[self.model]._verify_chain()]
        self.write(
            {
                "checked_at": fields.Datetime.now(),
                "state": "bad" if findings else "good",
                "problem_count": len(findings),
                "problems": "\n".join(findings[:PROBLEMS_SHOWN]) or False,
            }
        )
        if findings:
            _logger.error("the history %s is damaged: %s findings, first: %s", self.model, len(findings), findings[0])
            self._raise_alarm()
        return findings

    @api.model
    def _finding_text(self, finding):
        labels = {
            "missing": self.env._("a line is missing here"),
            "changed": self.env._("the line was changed"),
            "reordered": self.env._("the line stands in another order"),
            "head": self.env._("the record names another end of its history"),
            "orphan": self.env._("the record is gone, its history is left"),
        }
        return self.env._(
            "record %(record)s, line %(line)s: %(problem)s",
            record=finding["parent_id"],
            line=finding["sequence"] or "–",
            problem=labels[finding["problem"]],
        )

    @api.model
    def _compare(self, name, path, root=None):
        """What of a history is not as it was when the file was written; the verifier's second input.

        :param name: the history's model
        :param path: a seal's file, e.g. from a copy that nobody of this system can write
        :param root: root known from elsewhere
        :return: list of texts
        :raise ValueError: the file was changed
        """
        header, groups = merkle.read(path)
        if header["history"] != name or (root and header["root"] != root):
            raise ValueError(f"{Path(path).name}: {header['history']}, {header['root']}")
        events = self.env[name]
        findings = []
        for start in range(0, len(groups), 100):
            part = groups[start : start + 100]
            ids, counts = [], []
            for number, _node, runs in part:
                group_ids, group_counts = merkle.unpack(number, runs)
                ids += group_ids
                counts += group_counts
            self.env.cr.execute(
                SQL(
                    """
                    SELECT sealed.id / %(group)s,
                           encode(sha256(convert_to(string_agg(
                               sealed.id || ':' || sealed.count || ':' || coalesce(line.hash, ''),
                               E'\\n' ORDER BY sealed.id
                           ), 'UTF8')), 'hex')
                      FROM unnest(%(ids)s::int[], %(counts)s::int[]) AS sealed(id, count)
                      LEFT JOIN %(table)s line ON line.%(parent)s = sealed.id AND line.sequence = sealed.count
                     GROUP BY 1
                    """,
                    group=merkle.GROUP,
                    ids=ids,
                    counts=counts,
                    table=SQL.identifier(events._table),
                    parent=SQL.identifier(events._chain_parent),
                )
            )
            found = dict(self.env.cr.fetchall())
            findings += [
                self.env._(
                    "records %(first)s to %(last)s: the history was written anew after %(when)s",
                    first=number * merkle.GROUP,
                    last=(number + 1) * merkle.GROUP - 1,
                    when=header["sealed_at"],
                )
                for number, node, _runs in part
                if found.get(number) != node
            ]
        return findings

    def _raise_alarm(self):
        for user in self.env.ref("crab_base.group_admin").all_user_ids.filtered(
            lambda user: user.active and not user.share
        ):
            self.activity_schedule(
                "mail.mail_activity_data_warning", user_id=user.id, summary=self.env._("A history is damaged")
            )
