from . import (
    test_chain,
    test_companies,
    test_idempotency,
    test_import,
    test_import_files,
    test_import_parallel,
    test_money,
    test_outbox,
    test_public_id,
    test_region,
    test_roles,
    test_seal,
)
