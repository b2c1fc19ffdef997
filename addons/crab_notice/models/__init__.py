from . import crab_account
from . import crab_notice
from . import crab_notice_reminder
from . import crab_notice_template
from . import crab_outbox
from . import res_config_settings
