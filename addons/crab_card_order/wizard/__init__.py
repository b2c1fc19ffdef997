from . import crab_card_order_input
from . import crab_card_order_pick
from . import crab_card_order_receive
from . import crab_card_order_reason
