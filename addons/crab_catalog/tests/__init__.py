from . import test_product
from . import test_import
from . import test_rights
from . import test_settlement
from . import test_goods
