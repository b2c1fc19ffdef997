from . import test_account
from . import test_account_erase
from . import test_account_merge
from . import test_account_rights
