from . import test_access
from . import test_payment
from . import test_place
from . import test_quote
from . import test_refund
from . import test_shipping
from . import test_stock
