from . import crab_card
from . import crab_card_gift
from . import crab_card_order
from . import crab_member
from . import crab_stock_level
from . import res_config_settings
from . import sale_order
from . import sale_order_line
