from . import crab_redemption_enter
from . import crab_redemption_cancel
from . import crab_delivery_ship
from . import crab_delivery_export
from . import crab_greeting_pick
