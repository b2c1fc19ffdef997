from . import test_locked_number
