from . import test_attacks
from . import test_card_orders
from . import test_dealer
from . import test_earnings
from . import test_staff
from . import test_wallets
