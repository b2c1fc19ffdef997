from . import test_payment
from . import test_refund
from . import test_notification
from . import test_provider
from . import test_bill
