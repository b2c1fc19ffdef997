from . import crab_wallet_document_reverse
from . import crab_wallet_statement
