from . import crab_notice
from . import crab_notice_template
from . import crab_outbox
