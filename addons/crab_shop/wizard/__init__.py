from . import crab_delivery_ship
from . import crab_delivery_split
from . import crab_delivery_split_line
from . import crab_refund_wish_mixin
from . import crab_refund_enter
from . import crab_refund_enter_line
from . import crab_refund_transfer
