from . import test_ecard_order, test_gift
