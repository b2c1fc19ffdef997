from . import crab_card
from . import crab_card_gift
from . import crab_member
from . import res_config_settings
from . import sale_order
