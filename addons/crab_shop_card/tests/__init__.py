from . import test_ecard_order, test_gift, test_physical_order
