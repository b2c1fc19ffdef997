from . import test_product
from . import test_import
from . import test_rights
