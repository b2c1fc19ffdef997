from . import res_company
from . import account_move
from . import account_move_line
from . import crab_ledger
from . import crab_ledger_fact
from . import crab_ledger_batch
from . import crab_ledger_check
from . import crab_ledger_check_line
