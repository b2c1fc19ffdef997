from . import test_earning
from . import test_owed
from . import test_rule
from . import test_simulation
from . import test_staff
from . import test_statement
from . import test_withdrawal
