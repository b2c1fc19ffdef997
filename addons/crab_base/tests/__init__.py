from . import test_chain, test_money
