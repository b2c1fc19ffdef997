from . import crab_earning_explain
from . import crab_earning_explain_step
from . import crab_earning_statement
from . import crab_withdrawal_reject
