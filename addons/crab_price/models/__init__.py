from . import crab_price
from . import crab_price_list
from . import crab_dealer
from . import crab_member_level
from . import product_template
