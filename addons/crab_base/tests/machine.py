"""Random steps of a test, next to a small model that says what must come of them."""

from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from odoo.exceptions import UserError


class Machine(RuleBasedStateMachine):
    """What a run does is undone at its end; ``case`` is the test that runs it."""

    case = None

    @classmethod
    def run(cls, case, examples, steps):
        """Run it for ``case``, as often as ``examples`` says."""
        # a busy machine is no finding
        limits = settings(
            max_examples=examples, stateful_step_count=steps, deadline=None, suppress_health_check=list(HealthCheck)
        )
        run_state_machine_as_test(type(cls.__name__, (cls,), {"case": case}), settings=limits)

    def __init__(self):
        super().__init__()
        self.env = self.case.env
        self.savepoint = self.env.cr.savepoint()
        self.savepoint.__enter__()
        self.env.invalidate_all()

    def teardown(self):
        self.env.cr.flush()
        self.savepoint.rollback()
        self.savepoint.close(rollback=False)
        self.env.invalidate_all()
        self.env.cr.precommit.data.clear()

    def attempt(self, func):
        """The outcome of a step, or ``True``; ``None`` for one that was refused, with a message and no effect."""
        try:
            with self.env.cr.savepoint():
                result = func()
                self.env.flush_all()
                return result or True
        except UserError as error:
            assert str(error).strip()
            self.env.invalidate_all()
            return None
