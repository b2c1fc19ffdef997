from odoo import api, models
from odoo.exceptions import MissingError
from odoo.fields import Domain

from ..tools.subject import Subject


class CrabSubjectMixin(models.AbstractModel):
    _name = "crab.subject.mixin"
    _description = "Records that people outside the back office may see"

    @api.model
    def _subject_domain(self, subject: Subject) -> Domain:
        """What ``subject`` may see of this model. Extended per model; nobody sees anything by default."""
        return Domain.FALSE

    @api.model
    def _for_subject(self, subject: Subject, domain=Domain.TRUE, fetch=(), **search):
        """Search as ``subject``: every service of members, dealers and staff begins here.

        :param domain: further conditions; they can only narrow what the subject may see
        :param fetch: names of fields to read with the same query
        :param search: ``limit``, ``offset``, ``order`` of ``search``
        :return: records in sudo, bound to the subject
        """
        records_sudo = subject.bind(self.sudo())  # the subject has no Odoo user whose rights could be checked
        return records_sudo.search_fetch(Domain(domain) & self._subject_domain(subject), fetch, **search)

    @api.model
    def _get_for_subject(self, subject: Subject, ids):
        """The records with these ids, if the subject may see every one of them.

        :raise MissingError: (404) for unknown ids and for other people's alike
        """
        records = self._for_subject(subject, [("id", "in", list(ids))])
        if len(records) != len(set(ids)):
            raise MissingError(self.env._("This record does not exist."))
        return records.browse(ids)
