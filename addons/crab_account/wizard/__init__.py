from . import crab_account_merge
