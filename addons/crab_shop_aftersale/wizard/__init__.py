from . import crab_aftersale_approve
from . import crab_aftersale_approve_line
from . import crab_aftersale_ask
from . import crab_aftersale_ask_line
from . import crab_aftersale_receive
from . import crab_aftersale_reject
