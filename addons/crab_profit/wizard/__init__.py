from . import crab_earning_explain
from . import crab_earning_explain_step
from . import crab_earning_statement
from . import crab_profit_simulation
from . import crab_profit_simulation_change
from . import crab_profit_simulation_result
from . import crab_withdrawal_reject
