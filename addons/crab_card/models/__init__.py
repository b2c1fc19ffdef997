from . import crab_card_batch
from . import crab_card
from . import crab_card_door
from . import crab_card_event
