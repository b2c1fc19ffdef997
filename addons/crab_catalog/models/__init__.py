from . import product_category
from . import product_template
from . import product_product
from . import crab_settlement_price
from . import crab_package_part
from . import crab_import
from . import crab_import_product
from . import stock_move
