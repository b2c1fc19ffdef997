"""Who asks, and who did it.

Only employees are Odoo users. Members, dealers and dealer staff act through services that are given a ``Subject``;
back-office users become one by ``Subject.of(env)``. Facts store it as ``actor_kind`` and ``actor_id``.
"""

from dataclasses import dataclass

CONTEXT_KEY = "crab_subject"
MODELS = {"user": "res.users", "member": "crab.member", "dealer": "crab.dealer", "staff": "crab.dealer.staff"}
KINDS = (*MODELS, "system")
ROLES = ("member", "dealer", "staff")  # people outside the back office


@dataclass(frozen=True)
class Subject:
    """``kind`` with the id of its record in one of ``MODELS``; the system has none.

    ``account_id`` is the ``crab.account`` that is logged in, if any.
    """

    kind: str
    id: int
    account_id: int | None = None

    def __post_init__(self):
        if self.kind not in KINDS:
            raise ValueError(f"unknown kind of subject: {self.kind}")

    @classmethod
    def of(cls, env):
        """The subject of this environment: the one that a service put into the context, else the user."""
        subject = env.context.get(CONTEXT_KEY)
        if isinstance(subject, cls):
            return subject
        return cls("system" if env.su and env.uid == 1 else "user", env.uid)

    def bind(self, records_or_env):
        """Records or environment on behalf of this subject, for services: its rights count, not the user's."""
        return records_or_env.with_context(**{CONTEXT_KEY: self})


def names_of_subjects(env, pairs):
    """Names of subjects, for whoever may see what they did.

    :param pairs: ``(kind, id)`` of each
    :return: ``{(kind, id): name}``; the system and who is gone are missing
    """
    ids = {}
    for kind, record_id in pairs:
        if kind in MODELS:
            ids.setdefault(kind, set()).add(record_id)
    return {
        (kind, record.id): record.display_name
        for kind, of_kind in ids.items()
        for record in env[MODELS[kind]].sudo().browse(of_kind).exists()  # the name belongs to what was done
    }
