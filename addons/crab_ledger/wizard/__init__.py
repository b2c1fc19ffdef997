from . import crab_ledger_batch_post
