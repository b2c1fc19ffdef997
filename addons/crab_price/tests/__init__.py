from . import test_price
from . import test_price_list
from . import test_visible_prices
