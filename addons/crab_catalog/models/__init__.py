from . import product_category
from . import product_template
from . import product_product
from . import crab_settlement_price
from . import crab_import
from . import crab_import_product
