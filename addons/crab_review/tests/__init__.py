from . import test_head_office
from . import test_product
from . import test_write
