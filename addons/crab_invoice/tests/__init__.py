from . import test_fapiao
