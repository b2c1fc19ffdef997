from . import crab_card_generate
from . import crab_card_mark
