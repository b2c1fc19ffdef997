from . import (
    test_charge,
    test_dealer,
    test_document,
    test_import,
    test_rights,
    test_short,
    test_statement,
    test_wallet_machine,
)
