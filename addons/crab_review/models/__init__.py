from . import crab_review
from . import crab_review_services
from . import crab_account
from . import crab_member
from . import product_template
from . import res_config_settings
from . import sale_order
from . import sale_order_line
