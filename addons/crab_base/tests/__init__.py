from . import test_chain, test_idempotency, test_money, test_outbox
