from . import crab_account
from . import crab_account_openid
