"""What services look up for a subject: one record by its public id, one page."""

from odoo.exceptions import MissingError
from odoo.fields import Domain


def one(env, model, subject, public_id, domain=Domain.TRUE):
    """The record of ``model`` with this public id, archived ones too, if the subject may see it; in sudo.

    :param domain: further conditions
    :raise MissingError: (404) for unknown ids and other people's alike
    """
    record = (
        env[model]
        .with_context(active_test=False)
        ._for_subject(subject, Domain("public_id", "=", public_id) & domain, limit=1)
        .with_context(active_test=True)
    )
    if not record:
        raise MissingError(env._("This record does not exist."))
    return record


def page(env, model, subject, domain, paging):
    """``(records in sudo, next cursor)`` of what the subject may see of ``model``, the newest first."""
    records_sudo = subject.bind(env[model].sudo().with_context(active_test=False))  # the subject has no Odoo user
    return records_sudo._page(Domain(domain) & records_sudo._subject_domain(subject), paging.cursor, paging.limit)


def total(env, model, subject, domain):
    """How many records of ``model`` the subject may see."""
    records_sudo = subject.bind(env[model].sudo().with_context(active_test=False))  # as above
    return records_sudo.search_count(Domain(domain) & records_sudo._subject_domain(subject))
