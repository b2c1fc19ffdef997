from . import crab_dealer_ratio_change
from . import crab_dealer_move
from . import crab_dealer_close
from . import crab_dealer_close_line
from . import crab_dealer_application_reject
