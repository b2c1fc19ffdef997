from . import crab_fapiao
from . import crab_fapiao_line
from . import res_company
from . import sale_order
from . import sale_order_line
