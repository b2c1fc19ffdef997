from unittest.mock import patch

from .common import CrabCase


class TestCron(CrabCase):
    def test_what_a_scheduled_action_writes_is_in_the_language_of_its_user(self):
        cron = self.env["ir.cron"].with_context(active_test=False).search([], limit=1)
        languages = []

        def run(actions):
            languages.append(actions.env.context.get("lang"))

        self.env.user.lang = "zh_CN"
        with (
            patch.object(self.registry["ir.actions.server"], "run", run),
            patch.object(self.env.cr, "commit"),
        ):
            cron.with_context(lang=None)._callback(cron.cron_name, cron.ir_actions_server_id.id)
        self.assertEqual(languages, ["zh_CN"])
