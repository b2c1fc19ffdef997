from . import crab_card
from . import sale_order
