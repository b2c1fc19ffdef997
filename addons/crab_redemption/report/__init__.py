from . import crab_delivery_note
