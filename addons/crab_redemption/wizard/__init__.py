from . import crab_redemption_enter
from . import crab_redemption_cancel
from . import crab_delivery_ship
