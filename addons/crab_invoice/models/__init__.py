from . import crab_account
from . import crab_fapiao
from . import crab_fapiao_line
from . import crab_member
from . import res_company
from . import sale_order
from . import sale_order_line
