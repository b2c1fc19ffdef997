from . import crab_card_guess
