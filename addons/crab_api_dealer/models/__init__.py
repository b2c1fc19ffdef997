from . import crab_api_card_order_service
from . import crab_api_dealer_card_service
from . import crab_api_dealer_service
from . import crab_api_dealer_staff_service
from . import crab_api_earning_service
from . import crab_api_wallet_service
from . import fastapi_endpoint
