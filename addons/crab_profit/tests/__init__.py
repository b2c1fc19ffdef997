from . import test_earning
from . import test_rule
from . import test_withdrawal
