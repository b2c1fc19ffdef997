from . import crab_account
from . import crab_account_erase
from . import crab_account_openid
