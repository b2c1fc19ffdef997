from . import test_batch, test_check, test_document, test_rights
from . import test_supply
